//! `GET /`, the home page: for people who open the app's address, and for the Functions host's readiness probe. It shows
//! nothing about this installation, because anyone may read it. Pure.

use http::{HeaderMap, StatusCode};

use crate::telemetry::{Answer, AnswerRecord};
use crate::web::page::{Page, Title, Tone, is_browser};
use crate::web::response::text;

const PURPOSE: &str = "Evergrant connects Power Automate, Workfront and scripts with DocuSign.";

const OPERATOR: [&str; 2] = [
    "The setup page is at `/setup`. It needs a function key.",
    "In the Azure portal, open this function app, then Functions, `setup-function`, Get function URL. From a shell, `./deploy` \
     runs the checks of the setup page, and this prints the key:",
];

const KEY_COMMAND: &str = "az functionapp keys list --resource-group <resource group> --name <function app> --query \
    functionKeys.default --output tsv";

/// The home page: HTML for browsers, otherwise plain text.
#[must_use]
pub fn answer(headers: &HeaderMap, request_id: &str) -> Answer {
    let response = if is_browser(headers) { page().response(request_id) } else { text(StatusCode::OK, &plain()) };
    Answer { response, record: AnswerRecord::default() }
}

fn page() -> Page {
    let steps = ["You do not need this page to use a connection. Start in the app that you connect to DocuSign."];
    let page = Page::success("home", Title("Evergrant is running"), PURPOSE, steps);
    let operator = vec![OPERATOR[0].to_owned(), format!("{} `{KEY_COMMAND}`", OPERATOR[1])];
    Page { tone: Tone::Idle, operator, ..page }
}

fn plain() -> String {
    let [page, key] = OPERATOR.map(|sentence| sentence.replace('`', ""));
    format!("Evergrant is running. {PURPOSE}\n\nFor the operator: {page} {key}\n\n  {KEY_COMMAND}\n")
}
