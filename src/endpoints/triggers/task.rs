//! Waiting for what the gateway has begun at CLM.

use http::Method;

use crate::docusign::api::error::ApiError;
use crate::endpoints::caller::{Caller, WAITING_TASK};
use crate::endpoints::triggers::error::TriggerError;
use crate::endpoints::triggers::feed::ask;
use crate::endpoints::triggers::{Triggers, answer, pages};
use crate::sealing::claims::WaitingTask;
use crate::web::response::Response;

/// Seconds until the next look: a tenth of the time that it has taken, within these limits.
const MIN_PAUSE: u64 = 5;
const MAX_PAUSE: u64 = 300;

/// 202 until the task has ended, then the task as CLM has it.
pub(super) async fn poll_task(
    triggers: &Triggers,
    caller: &Caller<'_>,
    sealed: &str,
) -> Result<Response, TriggerError> {
    let binding = caller.binding(WAITING_TASK);
    let opened = triggers.open(sealed, |task: &WaitingTask| task.binding == binding).await?;
    let base = triggers.docusign_api.accounts.clm().await?.object.clone();
    let task = ask(&triggers.docusign_api, &caller.actor, &base, Method::GET, &opened.content.path, None).await?;
    if pages::has_ended(&task).ok_or(ApiError::Malformed)? {
        return Ok(answer::found(task.to_vec()));
    }
    let age = triggers.callers.clock.now().0.saturating_sub(opened.iat.0);
    let location = triggers.callers.issuer.join(&format!("/triggers/clm/tasks/{sealed}"));
    Ok(answer::with_next(answer::nothing_yet(), &location, (age / 10).clamp(MIN_PAUSE, MAX_PAUSE)))
}
