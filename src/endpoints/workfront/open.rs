//! `GET /open`: the address in `downloadLink`. A user downloads a document in the browser with their own rights in CLM.
//!
//! CLM's download addresses require an access token. So the user signs in at DocuSign once and gets a session of one hour, in
//! a cookie that contains only the user.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::uri::PathAndQuery;
use http::{HeaderMap, Request, StatusCode};
use url::form_urlencoded;

use crate::config::DocusignSettings;
use crate::docusign::api::DocusignApi;
use crate::docusign::requested_scope::requested_scope;
use crate::endpoints::caller::{Caller, Callers};
use crate::endpoints::sign_in::{SignIn, SignInError};
use crate::endpoints::workfront::clm::Clm;
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::item::Links;
use crate::endpoints::workfront::request::{NO_SUCH_ITEM, WorkfrontParameters};
use crate::endpoints::workfront::store::WorkfrontStore;
use crate::endpoints::workfront::{Reply, RequestContext, content, in_time};
use crate::oauth::client::{Client, Profile};
use crate::oauth::subject::SubjectKind;
use crate::sealing::claims::{BrowserSession, BrowsingState};
use crate::telemetry::{self, Answer, AnswerRecord};
use crate::types::Guid;
use crate::web::body::Body;
use crate::web::cookies::SessionCookie;
use crate::web::page::{Page, Title};

/// `grant_id` of the log line if the grant is a browser's session.
const BROWSER_SESSION: &str = "browser_session";

/// Seconds after which opening the document again may succeed.
const RETRY_AFTER: u64 = 10;

const REPEATED: WorkfrontError = WorkfrontError::Missing("the link has a parameter more than once");

const IN_THE_LOG: &str = "The log line with this request ID has the details.";

/// Browser downloads and what they depend on.
pub struct BrowserDownload {
    /// Clients, sealing keys and scopes.
    pub callers: Arc<Callers>,
    /// DocuSign's APIs.
    pub api: Arc<DocusignApi>,
    /// DocuSign's settings, for the sign-in.
    pub docusign: DocusignSettings,
    /// Announced uploads.
    pub store: WorkfrontStore,
}

impl BrowserDownload {
    /// Responds to a browser.
    pub async fn handle(&self, request: &Request<()>, request_id: &str, record: AnswerRecord) -> Answer<Body> {
        let query = request.uri().query().unwrap_or_default();
        let parameters = match WorkfrontParameters::of_query(query) {
            Ok(parameters) if !has_repeated_names(query) => parameters,
            _ => return error_page(&REPEATED, request_id, record),
        };
        let Ok(clients) = self.callers.registry.current().await else {
            return error_page(&WorkfrontError::RegistryUnavailable, request_id, record);
        };
        let client = parameters.text("client").and_then(|client_id| clients.find(client_id));
        let Some(client) = client.filter(|client| client.profile == Profile::Workfront) else {
            return error_page(&NO_SUCH_ITEM, request_id, record);
        };
        telemetry::record_client(client);
        // The signed-in user acts, even if the client's subject is the integration user.
        let record = AnswerRecord { subject_kind: Some(SubjectKind::SignedInUser), ..record.for_client(client) };
        match self.session_user(client, request.headers()).await {
            Some(user) => self.download(client, user, parameters, request_id, record).await,
            None => match self.send_to_sign_in(client, request).await {
                Ok(response) => Answer { response: response.map(Body::Whole), record },
                Err(error) => error_page(&error, request_id, record),
            },
        }
    }

    /// The user of the browser's session for `client`.
    async fn session_user(&self, client: &Client, headers: &HeaderMap) -> Option<Guid> {
        let (issuer, now) = (self.callers.issuer.as_str(), self.callers.clock.now());
        for session in self.session_cookie().read(headers) {
            let opened = self.callers.sealing.open::<BrowserSession>(issuer, &session, now).await;
            if let Ok((session, _)) = opened
                && session.content.client_id == client.client_id
            {
                return Some(session.content.user);
            }
        }
        None
    }

    async fn download(
        &self,
        client: &Client,
        user: Guid,
        parameters: WorkfrontParameters,
        request_id: &str,
        record: AnswerRecord,
    ) -> Answer<Body> {
        let actor = self.callers.actor(user, &client.scope);
        let caller = Caller { client, actor, grant_id: BROWSER_SESSION.into() };
        let record = AnswerRecord { grant_id: Some(caller.grant_id.clone()), ..record };
        match self.download_as(&caller, parameters).await {
            Ok(response) => Answer { response, record },
            Err(error) => {
                // Another user may sign in next.
                let mut answer = error_page(&error, request_id, record);
                let forget = self.session_cookie().forget();
                answer.response.headers_mut().extend(forget.map(|forget| (SET_COOKIE, forget)));
                answer
            }
        }
    }

    async fn download_as(&self, caller: &Caller<'_>, parameters: WorkfrontParameters) -> Reply {
        let clm = in_time(Clm::new(Arc::clone(&self.api), caller.actor.clone())).await?;
        let links = Links { issuer: &self.callers.issuer, client_id: &caller.client.client_id };
        content::download(&RequestContext { caller, clm, store: &self.store, parameters, links }).await
    }

    async fn send_to_sign_in(
        &self,
        client: &Client,
        request: &Request<()>,
    ) -> Result<http::Response<Bytes>, WorkfrontError> {
        let secret = self.callers.sealing.current().await.map_err(|_| WorkfrontError::SealingUnavailable)?;
        let scope = requested_scope(&self.docusign.scopes, &client.scope);
        let back = request.uri().path_and_query().map_or("/", PathAndQuery::as_str).to_owned();
        let (issuer, client_id, now) = (&self.callers.issuer, client.client_id.clone(), self.callers.clock.now());
        let sign_in = SignIn { issuer, docusign: &self.docusign, secret: &secret, scope: &scope, now };
        let redirect = sign_in.begin(|browser| BrowsingState { client_id, back, browser });
        redirect.map_err(|error| match error {
            SignInError::TooLong => NO_SUCH_ITEM,
            SignInError::SecretKeyMissing => WorkfrontError::SecretKeyMissing,
            SignInError::Seal(_) => WorkfrontError::SealingUnavailable,
        })
    }

    fn session_cookie(&self) -> SessionCookie {
        SessionCookie::new(!self.callers.issuer.is_insecure())
    }
}

/// Whether a parameter is repeated. Evergrant writes the links, so no repetition is right.
fn has_repeated_names(query: &str) -> bool {
    let mut names = HashSet::new();
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| !names.insert(name))
}

/// The error as a page.
fn error_page(error: &WorkfrontError, request_id: &str, record: AnswerRecord) -> Answer<Body> {
    let answer = error.answer(record);
    let message = sentence(error.message(answer.record.subject_kind));
    let code = answer.record.cause.unwrap_or("call_refused");
    let page = match answer.response.status() {
        StatusCode::FORBIDDEN => not_allowed(code, &message),
        StatusCode::NOT_FOUND => not_found(code, &message),
        _ => unavailable(code, message),
    };
    Answer { response: page.response(request_id).map(Body::Whole), record: answer.record }
}

fn not_allowed(code: &'static str, message: &str) -> Page {
    let page = Page::error(
        StatusCode::FORBIDDEN,
        code,
        Title("You may not open this document"),
        message,
        [
            "Open the document again, and sign in as a DocuSign user who may read it.",
            "If you should have access, ask an administrator of DocuSign CLM.",
        ],
    );
    Page { operator: vec![IN_THE_LOG.to_owned()], ..page }
}

fn not_found(code: &'static str, message: &str) -> Page {
    let page = Page::error(
        StatusCode::NOT_FOUND,
        code,
        Title("This document cannot be found"),
        message,
        [
            "Open the document again from Workfront. The link may be incomplete.",
            "If that does not help, look for the document in DocuSign CLM. It may have been moved or deleted.",
        ],
    );
    Page { operator: vec![IN_THE_LOG.to_owned()], ..page }
}

fn unavailable(code: &'static str, message: String) -> Page {
    let page = Page::error(
        StatusCode::SERVICE_UNAVAILABLE,
        code,
        Title("The document cannot be opened at the moment"),
        "DocuSign or this service did not answer as expected. The document is unchanged.",
        ["Wait a minute, then load this page again.", "If that does not help, send the operator the request ID below."],
    );
    Page { operator: vec![message], retry_after: Some(RETRY_AFTER), ..page }
}

/// `message` with a capital letter and a period.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
