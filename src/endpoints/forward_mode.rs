//! Refuses the setup page in the Functions host's forward mode. That host reads the path once more after it has checked the
//! function key, so `/gateway/..%5Csetup` shows this page without one. Pure.

use http::header::USER_AGENT;
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::telemetry::{Answer, AnswerRecord};
use crate::web::page::{Page, Title, accepted};
use crate::web::response::{json, text};

/// What the host adds to `User-Agent`, in forward mode only.
const HOST_AGENT: &[u8] = b"azure-functions-host/";

const SENTENCE: &str = "The setup page is not available in the Functions host's forward mode, because the function key cannot \
    protect it there.";

const FIX: &str = "Set customHandler.enableProxyingHttpRequest to true in host.json and FUNCTIONS_EXTENSION_VERSION to ~4, deploy, \
    and restart the function app.";

const INSTEAD: &str = "Until then, run evergrant doctor on your machine.";

#[derive(Serialize)]
struct ForwardedBody {
    error: &'static str,
    error_description: String,
}

/// The 403 for every request that a host in forward mode forwards, in Azure. It comes before everything else.
#[must_use]
pub fn refuse_setup(headers: &HeaderMap, request_id: &str, in_azure: bool) -> Option<Answer> {
    if !in_azure || !is_forwarded(headers) {
        return None;
    }
    let status = StatusCode::FORBIDDEN;
    let response = match accepted(headers) {
        "application/json" => json(
            status,
            &ForwardedBody { error: "access_denied", error_description: format!("{SENTENCE} {FIX} {INSTEAD}") },
        ),
        "text/plain" => text(status, &format!("{SENTENCE}\n{FIX}\n{INSTEAD}\n")),
        _ => page().response(request_id),
    };
    let record = AnswerRecord { cause: Some("forward_mode"), ..AnswerRecord::of("call_refused") };
    Some(Answer { response, record: AnswerRecord { error_description: Some(SENTENCE.into()), ..record } })
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    let names_host = |agent: &[u8]| agent.windows(HOST_AGENT.len()).any(|part| part.eq_ignore_ascii_case(HOST_AGENT));
    headers.get_all(USER_AGENT).iter().any(|agent| names_host(agent.as_bytes()))
}

fn page() -> Page {
    let page = Page::error(
        StatusCode::FORBIDDEN,
        "forward_mode",
        Title("The setup page is not available here"),
        SENTENCE,
        ["Ask the operator of this app. The other pages and all connections work."],
    );
    let fix = FIX
        .replace("customHandler.enableProxyingHttpRequest", "`customHandler.enableProxyingHttpRequest`")
        .replace("FUNCTIONS_EXTENSION_VERSION", "`FUNCTIONS_EXTENSION_VERSION`");
    Page { operator: vec![fix, INSTEAD.replace("evergrant doctor", "`evergrant doctor`")], ..page }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_what_a_host_in_forward_mode_sends_is_refused() {
        for (agents, expected) in [
            (&[&b"Azure-Functions-Host/4.1037.0"[..]][..], true),
            (&[b"curl/8.5 Azure-Functions-Host/4.1037.0"], true),
            (&[b"curl/8.5", b"Azure-Functions-Host/4"], true),
            (&[b"((odd Azure-Functions-Host/4"], true),
            (&[b"\xff\xfe Azure-Functions-Host/"], true),
            (&[b"azure-functions-HOST/4"], true),
            (&[b"curl/8.5"], false),
            (&[b"Azure-Functions-Hos"], false),
            (&[b""], false),
            (&[], false),
        ] {
            let headers = agents.iter().map(|agent| (USER_AGENT, HeaderValue::from_bytes(agent).unwrap()));
            assert_eq!(is_forwarded(&headers.collect()), expected, "{agents:?}");
        }
    }
}
