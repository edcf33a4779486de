//! The setup page of an app with wrong settings, in its three formats, whatever is wrong.

use evergrant::config::error::{Format, Problem, SettingError};
use evergrant::config::{ConfigError, Settings, UnknownSetting};
use evergrant::endpoints::not_configured::{self, NotConfigured, RETRY_AFTER};
use http::HeaderMap;
use http::header::{ACCEPT, HeaderValue, USER_AGENT};
use proptest::prelude::*;
use serde_json::Value;

use super::SETTINGS;
use crate::config::good;

const FORMAT: Format = Format { expected: "something else", example: "x" };

fn headers(accept: &str) -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(accept).unwrap())])
}

/// The page in a format, as text.
fn page(errors: &ConfigError, accept: &str) -> String {
    let answer = NotConfigured::new(errors.clone(), false).setup(&headers(accept));
    assert_eq!(answer.response.status(), 503);
    assert_eq!(answer.record.cause, Some("not_configured"));
    String::from_utf8(answer.response.into_body().to_vec()).unwrap()
}

fn error(setting: &str, problem: Problem) -> SettingError {
    SettingError { setting: setting.to_owned(), client_id: None, problem, format: FORMAT }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_error_is_in_each_format_and_nothing_is_taken_for_html(
        names in proptest::collection::vec("[A-Z_<>&\"']{1,12}", 1..6), reasons in proptest::collection::vec("it (has|is) [a-z <>&\"'/]{1,20}", 6),
        unknown in proptest::option::of("EVERGRANT_[A-Z<>&]{1,9}"),
    ) {
        let problem = |number: usize| if number == 0 { Problem::Missing } else { Problem::Invalid(reasons[number].clone().into()) };
        let list: Vec<SettingError> = names.iter().enumerate().map(|(number, name)| error(name, problem(number))).collect();
        let unknown: Vec<UnknownSetting> = unknown.into_iter().map(|name| UnknownSetting { name, nearest: None }).collect();
        let errors = ConfigError { errors: list, unknown: unknown.clone(), nothing_is_set: false };
        let json: Value = serde_json::from_str(&page(&errors, "application/json")).unwrap();
        let checks = json["checks"].as_array().unwrap();
        prop_assert_eq!(checks.len(), names.len() + unknown.len());
        prop_assert_eq!((&json["status"], &json["healthy"]), (&"not_configured".into(), &false.into()));
        let (text, html) = (page(&errors, "text/plain"), page(&errors, "text/html"));
        // The lead, and a line for each.
        prop_assert_eq!(text.lines().count(), 1 + checks.len());
        for error in &errors.errors {
            prop_assert!(text.contains(&error.to_string()), "{}", text);
            prop_assert!(checks.iter().any(|check| check["finding"] == error.message() && check["verdict"] == "bad"), "{}", json);
        }
        for dangerous in names.iter().filter(|name| name.contains('<')) {
            prop_assert!(!html.contains(&format!("{dangerous} is")), "{}", html);
        }
        prop_assert_eq!(html.matches("<script").count(), 0);
        for found in &unknown {
            prop_assert!(text.contains(&found.to_string()) && checks.iter().any(|check| check["verdict"] == "note"), "{}", text);
        }
    }
}

#[test]
fn the_page_counts_the_errors_in_words_that_fit() {
    for count in [1, 2, 7] {
        let errors: Vec<SettingError> = (0..count).map(|_| error("EVERGRANT_STORE", Problem::Missing)).collect();
        let errors = ConfigError { errors, ..ConfigError::default() };
        let expected = if count == 1 {
            "have 1 error. Until it is".to_owned()
        } else {
            format!("have {count} errors. Until they are")
        };
        for accept in ["text/plain", "text/html"] {
            assert!(page(&errors, accept).contains(&expected), "{accept}");
        }
    }
}

#[test]
fn the_format_is_what_the_request_prefers_and_a_page_otherwise() {
    let errors = Settings::read(&good().without("DOCUSIGN_USER_ID")).unwrap_err();
    for (accept, content_type) in [
        ("application/json", "application/json"),
        ("application/json;q=0.9", "application/json"),
        ("application/json, text/html", "application/json"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("", "text/html; charset=utf-8"),
        ("image/png", "text/html; charset=utf-8"),
    ] {
        let answer = NotConfigured::new(errors.clone(), false).setup(&headers(accept));
        assert_eq!(answer.response.headers()["content-type"], content_type, "{accept}");
        assert_eq!(answer.response.headers()["cache-control"], "no-store");
    }
}

/// The same error for each setting that can be missing: where to fix it, and how.
#[test]
fn every_invalid_setting_has_a_check_with_a_fix() {
    for (name, _, invalid) in SETTINGS {
        let errors = Settings::read(&good().with(name, invalid)).unwrap_err();
        let json: Value = serde_json::from_str(&page(&errors, "application/json")).unwrap();
        let check = &json["checks"][0];
        assert!(check["finding"].as_str().unwrap().starts_with(&format!("{name} is invalid: ")), "{check}");
        let fix = check["fix"].as_str().unwrap();
        assert!(fix.starts_with("Change it to ") && fix.contains(", such as "), "{fix}");
    }
    let missing = Settings::read(&good().without("DOCUSIGN_USER_ID")).unwrap_err();
    assert!(page(&missing, "application/json").contains("Set it to the integration user's User ID"));
    let clients = Settings::read(&good().with("EVERGRANT_CLIENTS", "[{}]")).unwrap_err();
    assert!(
        page(&clients, "application/json").contains("infra/clients.json"),
        "clients are not corrected in the portal"
    );
}

#[test]
fn callers_are_asked_to_wait_a_minute_and_a_refusal_is_not() {
    let answers = [
        not_configured::health(),
        not_configured::outage(),
        not_configured::workfront(),
        not_configured::page("an-id"),
    ];
    for answer in answers {
        let waiting = not_configured::waiting(answer);
        assert_eq!(waiting.response.status(), 503);
        assert_eq!(waiting.response.headers()["retry-after"], RETRY_AFTER.to_string());
        assert_eq!(waiting.record.cause, Some("not_configured"));
    }
    let mut forwarded = headers("application/json");
    forwarded.insert(USER_AGENT, HeaderValue::from_static("Azure-Functions-Host/4.1"));
    let reasons = |in_azure| NotConfigured::new(ConfigError::default(), in_azure);
    assert!(reasons(false).refuse_setup(&forwarded, "id").is_none());
    assert!(reasons(true).refuse_setup(&headers("text/html"), "id").is_none());
    let refused = not_configured::waiting(reasons(true).refuse_setup(&forwarded, "id").unwrap());
    assert_eq!(refused.response.status(), 403);
    assert!(!refused.response.headers().contains_key("retry-after"), "waiting does not help");
}
