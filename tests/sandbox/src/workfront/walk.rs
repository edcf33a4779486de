//! Adobe's ten manual tests of a document integration, in order.

use super::steps::{Walker, short};
use crate::browser::Browser;
use crate::registry::{API_KEY, OTHER_EMAIL, OTHER_USER};
use crate::servers::Sandbox;
use crate::walk::Step;

/// The authentication of the integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Authentication Type `OAuth2`.
    OAuth2,
    /// Authentication Type `ApiKey`.
    ApiKey,
}

/// Runs the ten tests as [`OTHER_USER`].
pub async fn walk(sandbox: &Sandbox, mode: Mode) -> Vec<Step> {
    let mut steps = vec![provision(sandbox, mode).await];
    let documents = match mode {
        Mode::OAuth2 => sandbox.workfront.as_oauth(),
        Mode::ApiKey => sandbox.workfront.with_api_key(API_KEY, OTHER_EMAIL),
    };
    let walker = Walker { sandbox, documents };
    let (step, linked) = walker.browse().await;
    steps.push(step);
    let mut browser = Browser::default();
    let landing_page = format!("{}/web", sandbox.clm.discovery_url());
    walker.visit(&mut browser, &landing_page).await;
    steps.push(walker.view(&mut browser, &linked, "Open it by its viewLink").await);
    browser = Browser::default();
    steps.push(walker.view(&mut browser, &linked, "The same, signed out of the store").await);
    steps.push(walker.download_link(&mut browser, &linked).await);
    steps.push(walker.search().await);
    steps.push(walker.send().await);
    steps.push(walker.thumbnail(&linked).await);
    steps.push(walker.content(&linked).await);
    steps.push(match mode {
        Mode::OAuth2 => walker.silent_refresh(&linked).await,
        Mode::ApiKey => walker.wrong_key(&linked).await,
    });
    steps
}

/// Connects. With an API key no user presses Allow, so an administrator must have consented for all users.
async fn provision(sandbox: &Sandbox, mode: Mode) -> Step {
    let workfront = &sandbox.workfront;
    let (good, seen) = match mode {
        Mode::OAuth2 => {
            let url = format!("{}/connect", workfront.site.url());
            let page = Browser::default().sign_in(&url, OTHER_USER, "allow").await.answer;
            (page.text().contains("Service added."), short(&page))
        }
        Mode::ApiKey => {
            sandbox.docusign.consent(OTHER_USER, "signature impersonation spring_read spring_write");
            let documents = workfront.with_api_key(API_KEY, OTHER_EMAIL);
            let (info, root) = (documents.service_info().await, documents.metadata("/").await);
            let good = info.status == 200 && info.json()["availableEndpoints"].is_array() && root.status == 200;
            (good, format!("serviceInfo {}, metadata {}", short(&info), short(&root)))
        }
    };
    Step { what: "Provision a user", seen: if good { "Service added.".to_owned() } else { seen }, good }
}
