//! CLM's error bodies.

use std::time::{Duration, SystemTime};

use http::Response;
use serde_json::json;

use crate::server::{Body, json as json_reply};
use crate::wire::random;

/// The hourly limit in the header of a 429.
const HOURLY_LIMIT: &str = "1000";

/// The time until the limit resets.
const RESET: Duration = Duration::from_secs(60);

/// An error with CLM's error code.
#[derive(Clone, Debug)]
pub struct ClmRefusal {
    status: u16,
    error_code: u16,
    /// Property and validation code.
    validation: Option<(String, u16)>,
}

impl ClmRefusal {
    /// An error without validation errors.
    pub const fn new(status: u16, error_code: u16) -> Self {
        Self { status, error_code, validation: None }
    }

    /// 422 for one property of the body.
    pub fn invalid(property: &str, validation_code: u16) -> Self {
        Self { status: 422, error_code: 101, validation: Some((property.to_owned(), validation_code)) }
    }

    /// The item does not exist, or the user may not see it.
    pub const fn not_found() -> Self {
        Self::new(404, 104)
    }

    /// The response, with the two rate headers if it is a 429.
    pub fn answer(self) -> Response<Body> {
        let message = message(self.status, self.error_code);
        let mut body = json!({"Error": {
            "HttpStatusCode": self.status, "UserMessage": message, "DeveloperMessage": message,
            "ErrorCode": self.error_code, "ReferenceId": guid(),
        }});
        if let Some((property, code)) = self.validation {
            body["ValidationErrors"] = json!([{"PropertyName": property, "UserMessage": "Not valid",
                "DeveloperMessage": "Not valid", "ErrorCode": code}]);
        }
        let mut response = json_reply(self.status, &body);
        if self.status == 429 {
            let headers = response.headers_mut();
            headers.insert("x-ratelimit-limit", HOURLY_LIMIT.parse().expect("a header"));
            let reset = httpdate::fmt_http_date(SystemTime::now() + RESET);
            headers.insert("x-ratelimit-reset", reset.parse().expect("a header"));
        }
        response
    }
}

/// The message for a code. CLM documents some of them; the others are made up.
const fn message(status: u16, error_code: u16) -> &'static str {
    match (status, error_code) {
        (429, _) => "Rate limit exceeded.",
        (_, 101) => "Validation Error",
        (_, 103) => "Access Denied",
        (404, 119) => "Document Not Yet Available",
        (404, _) => "Object does not exist or the user does not have access rights",
        (_, 1024) => "No valid search parameters were found",
        _ => "The request was refused",
    }
}

/// A random GUID.
pub fn guid() -> String {
    let hex = random();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
