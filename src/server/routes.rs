//! One filter per route, composed with the token route first.

use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use warp::reply::Response;
use warp::{Filter, Rejection, reject};

use crate::endpoints::forward_mode::refuse_setup;
use crate::server::request::{
    Received, ReceivedForm, drain_on_error, form, method_of, received, request, streaming, upload,
};
use crate::server::{Endpoints, Serving, fallback, health, not_configured, paths};
use crate::web::body::BodySource;

/// All routes of `endpoints`, and the fallback for all other requests.
pub fn all(endpoints: &Serving) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + use<> {
    let oauth = authorize(endpoints).or(revoke(endpoints)).unify().or(metadata(endpoints)).unify();
    let people = consent(endpoints).or(unprotected_setup(endpoints)).unify().or(setup(endpoints)).unify();
    let through = gateway(endpoints).or(workfront(endpoints)).unify().or(triggers(endpoints)).unify();
    let probes = health::healthz().or(health::root()).unify();
    // Boxed, because warp moves a request's state several times and these would make a token request's state larger.
    let others = not_configured::all(endpoints).or(oauth).unify();
    let others =
        others.or(people).unify().or(through).unify().or(probes).unify().or(fallback::no_route()).unify().boxed();
    // `CONNECT` has no path, and warp's full-path filters panic without one.
    token(endpoints).or(fallback::connect()).unify().or(others).unify().recover(fallback::rejected).unify()
}

fn token(endpoints: &Serving) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    let parts = paths::token().and(method_of(&paths::TOKEN)).and(with(endpoints)).and(form());
    // Boxed, because warp moves the state of a request; pinned, because `answer_with` would have room for it twice.
    parts.then(|endpoints: Arc<Endpoints>, headers, query, body| {
        Box::pin(async move {
            let request = ReceivedForm::read(&paths::TOKEN, headers, query, body).await;
            request.answer_with(&endpoints.token.registry, pin!(endpoints.token.handle(&request.form))).await
        })
    })
}

fn authorize(endpoints: &Serving) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    paths::authorize().and(method_of(&paths::AUTHORIZE)).and(request(&paths::AUTHORIZE)).and(with(endpoints)).then(
        async |client_id: Option<String>, received: Received, request: Request<Bytes>, endpoints: Arc<Endpoints>| {
            let answering = endpoints.authorize.handle(&request, client_id.as_deref(), received.id());
            received.answer_with(answering).await
        },
    )
}

fn revoke(endpoints: &Serving) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    paths::revoke().and(method_of(&paths::REVOKE)).and(with(endpoints)).and(form()).then(
        async |endpoints: Arc<Endpoints>, headers, query, body| {
            let request = ReceivedForm::read(&paths::REVOKE, headers, query, body).await;
            request.answer_with(&endpoints.revoke.registry, endpoints.revoke.handle(&request.form)).await
        },
    )
}

fn metadata(endpoints: &Serving) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    let request = paths::metadata().and(method_of(&paths::METADATA)).and(received(&paths::METADATA));
    request.and(with(endpoints)).then(async |received: Received, _: HeaderMap, endpoints: Arc<Endpoints>| {
        received.answer_with(async { endpoints.metadata.answer() }).await
    })
}

fn consent(endpoints: &Serving) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    paths::consent().and(method_of(&paths::CONSENT)).and(request(&paths::CONSENT)).and(with(endpoints)).then(
        async |received: Received, request: Request<Bytes>, endpoints: Arc<Endpoints>| {
            received.answer_with(endpoints.consent.handle(&request, received.id())).await
        },
    )
}

/// Refuses every method where the function key cannot protect the page.
fn unprotected_setup(endpoints: &Serving) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    let refuse = |received: Received, headers: HeaderMap, endpoints: Arc<Endpoints>| {
        let refusal = refuse_setup(&headers, received.id(), endpoints.setup.in_azure);
        ready(refusal.map(|refusal| received.answer(refusal)).ok_or_else(reject::not_found))
    };
    paths::setup().and(received(&paths::SETUP)).and(with(endpoints)).and_then(refuse)
}

fn setup(endpoints: &Serving) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    paths::setup().and(method_of(&paths::SETUP)).and(request(&paths::SETUP)).and(with(endpoints)).then(
        async |received: Received, request: Request<Bytes>, endpoints: Arc<Endpoints>| {
            received.answer_with(endpoints.setup.handle(&request)).await
        },
    )
}

fn gateway(endpoints: &Serving) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    paths::gateway().and(method_of(&paths::GATEWAY)).and(streaming(&paths::GATEWAY)).and(with(endpoints)).then(
        async |received: Received, request: Request<()>, source: BodySource, endpoints: Arc<Endpoints>| {
            let upload = upload(&request, &source);
            let answering = endpoints.gateway.handle(&request, upload, received.id());
            received.answer_with(Box::pin(drain_on_error(&request, answering, source))).await
        },
    )
}

fn workfront(endpoints: &Serving) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    paths::workfront().and(method_of(&paths::WORKFRONT)).and(streaming(&paths::WORKFRONT)).and(with(endpoints)).then(
        async |received: Received, request: Request<()>, source: BodySource, endpoints: Arc<Endpoints>| {
            let upload = upload(&request, &source);
            let answering = endpoints.workfront.handle(&request, upload, received.id());
            received.answer_with(Box::pin(drain_on_error(&request, answering, source))).await
        },
    )
}

fn triggers(endpoints: &Serving) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    paths::triggers().and(method_of(&paths::TRIGGERS)).and(request(&paths::TRIGGERS)).and(with(endpoints)).then(
        async |received: Received, request: Request<Bytes>, endpoints: Arc<Endpoints>| {
            received.answer_with(Box::pin(endpoints.triggers.handle(&request))).await
        },
    )
}

/// The endpoints. There are none until the settings are right.
fn with(serving: &Serving) -> impl Filter<Extract = (Arc<Endpoints>,), Error = Rejection> + Clone + use<> {
    let serving = serving.clone();
    warp::any().and_then(move || ready(serving.endpoints().ok_or_else(reject::not_found)))
}
