//! What may answer in the place of the app, or in front of a part of it.

use futures_util::stream::{self, StreamExt as _};
use http::{Request, Response};
use sandbox::Sandbox;
use sandbox::server::{Body, Server, json, reply};
use serde_json::json;

use super::{check, examine};

type Headers = &'static [(&'static str, &'static str)];

fn with_headers(status: u16, headers: Headers, body: &'static str) -> Response<Body> {
    let mut answer = reply(status, "text/html", body);
    for (name, value) in headers {
        answer.headers_mut().insert(*name, value.parse().unwrap());
    }
    answer
}

/// A server that answers everything in the same way.
async fn everywhere(status: u16, headers: Headers, body: &'static str) -> Server {
    Server::start(0, move |_: Request<_>| async move { Ok(with_headers(status, headers, body)) }).await
}

/// What answers, and words of the finding and of the fix.
type InFront = (&'static str, u16, Headers, &'static str, &'static str, &'static str);

const BUILT_IN: &str = "az webapp auth update --resource-group <group> --name <function app> --enabled false";

const ANSWERS: [InFront; 23] = [
    (
        "built-in authentication",
        401,
        &[("x-ms-middleware-request-id", "1")],
        "",
        "status 401: the app's built-in authentication",
        BUILT_IN,
    ),
    (
        "built-in authentication, forbidden",
        403,
        &[("x-ms-middleware-request-id", "1")],
        "",
        "status 403: the app's built-in",
        BUILT_IN,
    ),
    (
        "a sign-in page",
        302,
        &[("location", "https://login.windows.net/common/oauth2/authorize?client_id=hunter2")],
        "",
        "status 302, which leads to https://login.windows.net/common/oauth2/authorize: a sign-in page",
        BUILT_IN,
    ),
    (
        "its own sign-in path",
        302,
        &[("location", "/.auth/login/aad?x=hunter2")],
        "",
        "/.auth/login/aad: the app's built-in",
        BUILT_IN,
    ),
    (
        "an access restriction",
        403,
        &[("x-ms-forbidden-ip", "203.0.113.7")],
        "<h1>Error 403 - Forbidden</h1>",
        "status 403: the app's access restrictions refuse 203.0.113.7",
        "Public network access",
    ),
    (
        "a client certificate",
        403,
        &[],
        "The page requires your browser to have a Secure Sockets Layer (SSL) client certificate",
        "status 403: a client certificate is required",
        "clientCertEnabled=false",
    ),
    (
        "a client certificate at nginx",
        400,
        &[],
        "400 No required SSL certificate was sent",
        "status 400: a client certificate",
        "clientCert",
    ),
    (
        "a stopped app",
        403,
        &[],
        "<h1>Error 403 - This web app is stopped.</h1>",
        "status 403: the app is stopped",
        "az functionapp start",
    ),
    (
        "API Management",
        401,
        &[("www-authenticate", "AzureApiManagementKey realm=\"https://contoso.azure-api.net\"")],
        "",
        "status 401: API Management answers",
        "no subscription key",
    ),
    (
        "API Management without the API",
        404,
        &[],
        "{ \"statusCode\": 404, \"message\": \"Resource not found\" }",
        "status 404: API Management answers",
        "EVERGRANT_PUBLIC_URL",
    ),
    (
        "a password",
        401,
        &[("www-authenticate", "Basic realm=\"x\"")],
        "",
        "status 401: something in front of the app asks for a password",
        "itself",
    ),
    ("a sign-in", 401, &[], "", "status 401: something in front of the app asks for a sign-in", "itself"),
    (
        "another host name",
        301,
        &[("location", "https://auth.contoso.com/.well-known/oauth-authorization-server")],
        "",
        "status 301, which leads to https://auth.contoso.com/.well-known/oauth-authorization-server: the app has moved",
        "set EVERGRANT_PUBLIC_URL to https://auth.contoso.com:",
    ),
    (
        "another page",
        308,
        &[("location", "https://www.contoso.com/")],
        "",
        "status 308, which leads to https://www.contoso.com/",
        "EVERGRANT_PUBLIC_URL",
    ),
    (
        "a firewall",
        403,
        &[("server", "Microsoft-Azure-Application-Gateway/v2")],
        "",
        "status 403: Application Gateway refuses",
        "rules",
    ),
    (
        "Front Door's firewall",
        403,
        &[("x-azure-ref", "1")],
        "The request is blocked.",
        "status 403: Front Door refuses",
        "rules",
    ),
    (
        "too many requests",
        429,
        &[("retry-after", "5")],
        "",
        "status 429: something in front of the app",
        "may pass by itself",
    ),
    (
        "a bad gateway",
        502,
        &[("server", "Microsoft-Azure-Application-Gateway/v2")],
        "",
        "status 502: Application Gateway gets no answer",
        "back-end host name",
    ),
    (
        "a gateway that waits",
        504,
        &[("server", "nginx")],
        "",
        "status 504: a proxy (nginx) gets no answer",
        "may pass by itself",
    ),
    (
        "no host",
        503,
        &[],
        "Function host is not running.",
        "status 503: something in front of the app, or its platform,",
        "az functionapp show",
    ),
    ("an error", 500, &[], "", "status 500: something in front of the app, or its platform,", "az functionapp show"),
    (
        "a page",
        200,
        &[],
        "<!DOCTYPE html><title>Parked</title>",
        "status 200 and a page and no metadata",
        "EVERGRANT_PUBLIC_URL",
    ),
    ("no app", 404, &[], "", "status 404 and no metadata", "the package is deployed"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_answers_in_place_of_the_app_is_named() {
    let sandbox = Sandbox::start().await;
    let mistake = async |(name, status, headers, body, finding, fix): &InFront| -> Option<String> {
        let server = everywhere(*status, headers, body).await;
        let (_, report) = examine(&sandbox, &[("EVERGRANT_PUBLIC_URL", &server.url())]).await;
        let found = check(&report, "public_url");
        let has = |field: &str, words: &str| found[field].as_str().is_some_and(|text| text.contains(words));
        let skipped = ["wrong_secret_refused", "foreign_redirect_refused"]
            .map(|name| &check(&report, name)["verdict"] == "skipped");
        let right = found["verdict"] == "bad" && has("finding", finding) && has("fix", fix) && skipped == [true; 2];
        (!right || report.to_string().contains("hunter2")).then(|| format!("{name}: {found:#}"))
    };
    let examined = stream::iter(&ANSWERS).map(mistake).buffer_unordered(4);
    let wrong: Vec<String> = examined.filter_map(async |mistake| mistake).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The header of the app's own answers.
const OWN: (&str, &str) = ("x-request-id", "1");

/// Good metadata, and at one path something else; with the verdict on the path's check and words of its finding.
const PATHS: [(&str, u16, Headers, &str, &str, &str); 21] = [
    ("/oauth/token", 429, &[], "", "skipped", "could not be checked: status 429"),
    ("/oauth/token", 503, &[], "", "skipped", "could not be checked: status 503"),
    ("/oauth/token", 403, &[], "", "skipped", "could not be checked: status 403"),
    ("/oauth/token", 401, &[], "Unauthorized", "skipped", "could not be checked: status 401"),
    ("/oauth/token", 200, &[], "<html>Sign in</html>", "skipped", "could not be checked: status 200 and a page"),
    (
        "/oauth/token",
        302,
        &[("location", "https://login.windows.net/x?y")],
        "",
        "skipped",
        "leads to https://login.windows.net/x",
    ),
    ("/oauth/token", 401, &[OWN], "{\"error\":\"invalid_client\"}", "good", "refused"),
    ("/oauth/token", 400, &[OWN], "{\"error\":\"invalid_client\"}", "good", "refused"),
    (
        "/oauth/token",
        401,
        &[],
        "{\"error\":\"invalid_client\"}",
        "skipped",
        "status 401, which is not the app's answer",
    ),
    (
        "/oauth/token",
        503,
        &[OWN],
        "{\"error\":\"temporarily_unavailable\"}",
        "skipped",
        "could not be checked: status 503",
    ),
    (
        "/oauth/token",
        503,
        &[],
        "{\"error\":\"temporarily_unavailable\"}",
        "skipped",
        "could not be checked: status 503",
    ),
    ("/oauth/token", 200, &[], "{\"access_token\":\"a\"}", "bad", "not refused: an access token was issued"),
    ("/oauth/token", 200, &[OWN], "{\"access_token\":\"a\"}", "bad", "not refused: an access token was issued"),
    (
        "/oauth/authorize",
        302,
        &[("location", "https://login.microsoftonline.com/t/oauth2/authorize?x")],
        "",
        "skipped",
        "could not be checked: status 302, which leads to https://login.microsoftonline.com/t/oauth2/authorize",
    ),
    ("/oauth/authorize", 200, &[], "<html>Sign in</html>", "skipped", "could not be checked: status 200 and a page"),
    ("/oauth/authorize", 403, &[], "", "skipped", "could not be checked: status 403"),
    ("/oauth/authorize", 429, &[], "", "skipped", "could not be checked: status 429"),
    ("/oauth/authorize", 503, &[], "", "skipped", "could not be checked: status 503"),
    ("/oauth/authorize", 400, &[OWN], "<html>This link does not work</html>", "good", "refused"),
    ("/oauth/authorize", 400, &[], "<html>Bad Request</html>", "skipped", "status 400, which is not the app's answer"),
    (
        "/oauth/authorize",
        303,
        &[("location", "https://foreign.invalid/callback?error=x")],
        "",
        "bad",
        "not refused: the browser was sent to it",
    ),
];

fn own(body: &serde_json::Value) -> Response<Body> {
    let mut answer = json(200, body);
    answer.headers_mut().insert(OWN.0, OWN.1.parse().unwrap());
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_security_check_is_bad_only_on_proof() {
    let sandbox = Sandbox::start().await;
    let mut wrong = Vec::new();
    for (path, status, headers, body, verdict, finding) in PATHS {
        let answer = move |request: Request<_>| async move {
            let host = request.headers()["host"].to_str().unwrap();
            Ok(match request.uri().path() {
                "/.well-known/oauth-authorization-server" => own(&json!({"issuer": format!("http://{host}")})),
                asked if asked == path => with_headers(status, headers, body),
                _ => own(&json!({})),
            })
        };
        let server = Server::start(0, answer).await;
        let (code, report) = examine(&sandbox, &[("EVERGRANT_PUBLIC_URL", &server.url())]).await;
        let name = if path == "/oauth/token" { "wrong_secret_refused" } else { "foreign_redirect_refused" };
        let found = check(&report, name);
        let right = found["verdict"] == verdict && found["finding"].as_str().unwrap().contains(finding);
        // An answer that is not the app's is bad for the check of the routes.
        let is_bad = verdict == "bad" || !headers.contains(&OWN);
        if !right || code != Some(i32::from(is_bad)) || check(&report, "public_url")["verdict"] != "good" {
            wrong.push(format!("{path} {status}: {found:#}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
