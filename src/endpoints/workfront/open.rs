//! `GET /open`: where `downloadLink` leads. A person downloads a document in the browser, with his own rights in CLM.
//!
//! CLM has no such address: its own wants an access token. So the browser signs in at DocuSign once, and has a session
//! here for an hour, in a cookie that says who it was and nothing more.

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, Request, StatusCode};

use crate::docusign::requested_scope::requested_scope;
use crate::endpoints::caller::Caller;
use crate::endpoints::sign_in::{SignIn, SignInError};
use crate::endpoints::workfront::clm::Clm;
use crate::endpoints::workfront::error::WorkfrontError;
use crate::endpoints::workfront::parameters::Parameters;
use crate::endpoints::workfront::{RequestContext, Workfront};
use crate::oauth::client::{Client, Profile, SubjectKind};
use crate::sealing::claims::{BrowserSession, BrowsingState};
use crate::telemetry::{Answer, AnswerRecord};
use crate::types::Guid;
use crate::web::body::Body;
use crate::web::cookies::SessionCookie;
use crate::web::page::Page;

/// `grant_id` of the log line where a browser's session is the grant.
const BROWSER_SESSION: &str = "browser_session";

/// Seconds after which another visit may go better.
const RETRY_AFTER: u64 = 10;

impl Workfront {
    /// Answers a browser.
    pub(super) async fn open(&self, request: &Request<()>, record: AnswerRecord) -> Answer<Body> {
        let parameters = Parameters::of_query(request.uri().query().unwrap_or_default());
        let client = parameters.text("client").and_then(|client_id| self.callers.clients.find(client_id));
        let Some(client) = client.filter(|client| client.profile == Profile::Workfront) else {
            return page(&WorkfrontError::Missing("there is no item of this id"), record);
        };
        // Whoever sits at the browser acts, whatever the client's own subject is.
        let record = AnswerRecord { subject_kind: Some(SubjectKind::SignedInUser), ..record.by(client) };
        let Some(user) = self.who_is_there(client, request.headers()).await else {
            return match self.send_to_sign_in(client, request).await {
                Ok(response) => Answer { response: response.map(Body::Whole), record },
                Err(refusal) => page(&refusal, record),
            };
        };
        let actor = self.callers.actor(user, &client.scope);
        let caller = Caller { client, actor, grant_id: BROWSER_SESSION.into() };
        let record = AnswerRecord { grant_id: Some(caller.grant_id.clone()), ..record };
        match self.open_as(&caller, parameters).await {
            Ok(response) => Answer { response, record },
            Err(refusal) => {
                // Somebody else may sign in next.
                let mut answer = page(&refusal, record);
                let forget = SessionCookie::new(!self.callers.issuer.is_insecure()).forget();
                answer.response.headers_mut().extend(forget.map(|forget| (SET_COOKIE, forget)));
                answer
            }
        }
    }

    async fn open_as(
        &self,
        caller: &Caller<'_>,
        parameters: Parameters,
    ) -> Result<http::Response<Body>, WorkfrontError> {
        let clm = Clm::new(&self.upstream, &caller.actor).await?;
        self.download(&RequestContext { caller, clm, parameters }).await
    }

    /// The user whose session for `client` the browser has.
    async fn who_is_there(&self, client: &Client, headers: &HeaderMap) -> Option<Guid> {
        let session = SessionCookie::new(!self.callers.issuer.is_insecure()).read(headers)?;
        let (issuer, now) = (self.callers.issuer.as_str(), self.callers.clock.now());
        let (session, _) = self.callers.sealing.open::<BrowserSession>(issuer, &session, now).await.ok()?;
        let BrowserSession { client_id, user } = session.content;
        (client_id == client.client_id.as_str()).then(|| Guid::parse(&user))?
    }

    async fn send_to_sign_in(
        &self,
        client: &Client,
        request: &Request<()>,
    ) -> Result<http::Response<Bytes>, WorkfrontError> {
        let secret = self.callers.sealing.current().await.map_err(|_| WorkfrontError::SealingUnavailable)?;
        let scope = requested_scope(&self.docusign.scopes, &client.scope);
        let back = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
        let (issuer, client_id, now) = (&self.callers.issuer, client.client_id.to_string(), self.callers.clock.now());
        let sign_in = SignIn { issuer, docusign: &self.docusign, secret, scope: &scope, now };
        let sent = sign_in.begin(|browser| BrowsingState { client_id, back, browser });
        sent.map_err(|error| match error {
            SignInError::TooLong => WorkfrontError::Missing("there is no item of this id"),
            SignInError::Seal(_) => WorkfrontError::SealingUnavailable,
        })
    }
}

/// A refusal as a page for people.
fn page(refusal: &WorkfrontError, record: AnswerRecord) -> Answer<Body> {
    let told = refusal.answer(record);
    let (status, title) = match told.response.status() {
        StatusCode::FORBIDDEN => (StatusCode::FORBIDDEN, "You may not open this document"),
        StatusCode::NOT_FOUND => (StatusCode::NOT_FOUND, "This document cannot be found"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "The document cannot be opened at the moment"),
    };
    let lead = refusal.told(told.record.subject_kind);
    let page = Page { retry_after: RETRY_AFTER, ..Page::bad(status, "open_refused", title, &sentence(lead)) };
    Answer { response: page.response().map(Body::Whole), record: told.record }
}

fn sentence(told: &str) -> String {
    let mut letters = told.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
