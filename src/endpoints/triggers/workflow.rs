//! The trigger for the end of a workflow. CLM has no list of workflows, so one is read by its id.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;

use crate::clock::Clock;
use crate::docusign::api::error::ApiError;
use crate::docusign::api::{Actor, DocusignApi};
use crate::endpoints::triggers::error::TriggerError;
use crate::endpoints::triggers::feed::ask;
use crate::endpoints::triggers::{IDLE_SECONDS, Poll, Triggers, answer, pages};
use crate::memory::cache::Cache;
use crate::memory::cached::{Lifetime, Lifetimes};
use crate::web::response::Response;

/// How long a workflow is cached, in seconds.
const WORKFLOW_LIFETIME: u64 = 30;
/// Expired workflows are dropped once the cache holds this many.
const MIN_CACHED_WORKFLOWS: usize = 64;
/// The states of the trigger: the workflow has ended, or not yet.
const ENDED: &str = "ended";
const WAITING: &str = "waiting";

/// User, scope and workflow.
type WorkflowKey = (String, String, String);

/// Reads workflows.
pub struct Workflows {
    api: Arc<DocusignApi>,
    clock: Arc<dyn Clock>,
    cache: Cache<WorkflowKey, Result<Bytes, TriggerError>, Infallible>,
}

impl Workflows {
    /// Workflows of `api`.
    #[must_use]
    pub fn new(api: Arc<DocusignApi>, clock: Arc<dyn Clock>) -> Self {
        let answer = |fetched: &Result<Bytes, TriggerError>| {
            Lifetime::Seconds(fetched.as_ref().map_or_else(TriggerError::cached_for, |_| WORKFLOW_LIFETIME))
        };
        Self { api, clock, cache: Cache::new(MIN_CACHED_WORKFLOWS, Lifetimes { answer, failure: |_, _| 0 }) }
    }

    async fn get(&self, actor: &Actor, id: &str) -> Result<Bytes, TriggerError> {
        let key = (actor.user.as_str().to_owned(), actor.scope.to_string(), id.to_lowercase());
        let entry = self.cache.entry(&key, self.clock.now());
        let reading = read(Arc::clone(&self.api), actor.clone(), id.to_owned());
        match entry.get_in_task(&self.clock, reading).await {
            Ok(Ok(result)) => result,
            _ => Err(ApiError::TimedOut.into()),
        }
    }
}

async fn read(api: Arc<DocusignApi>, actor: Actor, id: String) -> Result<Result<Bytes, TriggerError>, Infallible> {
    let asking = async {
        let base = api.accounts.clm().await?.object.clone();
        ask(&api, &actor, &base, Method::GET, &format!("workflows/{id}"), None).await
    };
    Ok(asking.await)
}

/// A workflow that has ended is delivered once; after that nothing is asked any more.
pub(super) async fn poll_workflow(triggers: &Triggers, poll: &Poll<'_>) -> Result<Response, TriggerError> {
    if poll.state.as_deref() == Some(ENDED) {
        let location = triggers.location(poll, ENDED.to_owned()).await?;
        return Ok(answer::with_next(answer::nothing_yet(), &location, IDLE_SECONDS));
    }
    let id = poll.parameters.get("id").unwrap_or_default();
    let workflow = triggers.workflows.get(&poll.caller.actor, id).await?;
    let has_ended = pages::has_ended(&workflow).ok_or(ApiError::Malformed)?;
    let (response, state) = if has_ended {
        let body = [&b"{\"value\":["[..], workflow.as_ref(), b"]}"].concat();
        (answer::found(body), ENDED)
    } else {
        (answer::nothing_yet(), WAITING)
    };
    let location = triggers.location(poll, state.to_owned()).await?;
    Ok(answer::with_next(response, &location, IDLE_SECONDS))
}
