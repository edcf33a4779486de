//! Where a path of the gateway leads: never outside the base of its API, and to the same place as DocuSign reads it.

use evergrant::docusign::api::addresses::{ApiBase, is_trusted};
use evergrant::endpoints::gateway::error::GatewayError;
use evergrant::endpoints::gateway::target::GatewayTarget;
use evergrant::oauth::client::gateway_rule::GatewayApi;
use http::{Method, Uri};
use proptest::prelude::*;
use url::Url;

const ACCOUNT: &str = "3f0c2d9e-6b1a-4c57-9a83-0d5e7b21c4aa";

/// The base of an API, as account discovery finds it.
fn base(api: GatewayApi) -> ApiBase {
    let (host, path) = match api {
        GatewayApi::Clm => ("https://api.springcm.com", format!("/v2/{ACCOUNT}")),
        GatewayApi::ClmUpload => ("https://up.springcm.com", format!("/v2/{ACCOUNT}")),
        GatewayApi::ClmDownload => ("https://down.springcm.com", format!("/v2/{ACCOUNT}")),
        GatewayApi::Esign => ("https://demo.docusign.net", "/restapi".to_owned()),
        GatewayApi::Navigator | GatewayApi::Maestro => ("https://api-d.docusign.com", String::new()),
    };
    ApiBase::parse(host, &path, &[]).unwrap()
}

fn lead(method: &Method, path: &str) -> Result<Url, GatewayError> {
    let uri: Uri = path.parse().map_err(|_| GatewayError::Ambiguous)?;
    let target = GatewayTarget::read(&uri)?;
    target.url(method, &base(target.api(method)), ACCOUNT)
}

#[test]
fn a_path_keeps_its_encoding_and_its_query() {
    for (path, expected) in [
        ("clm/folders/a%20b", "a%20b"),
        ("clm/folders/%C3%A4", "%C3%A4"),
        ("clm/folders/a+b", "a+b"),
        ("clm/folders/a:b@c", "a:b@c"),
        ("clm/folders/(1),!*'", "(1),!*'"),
        ("clm/folders/%7Ea", "~a"),
        ("clm/folders/1?filter=Name=a%26b&x=%2F..%2F", "1?filter=Name=a%26b&x=%2F..%2F"),
        ("clm/folders/1?", "1?"),
        ("clm/folders/1?a=b?c=d", "1?a=b?c=d"),
        ("clm/folders/1/", "1/"),
    ] {
        let url = lead(&Method::GET, &format!("/gateway/{path}")).unwrap_or_else(|error| panic!("{path}: {error:?}"));
        assert_eq!(url.as_str(), format!("https://api.springcm.com/v2/{ACCOUNT}/folders/{expected}"), "{path}");
    }
}

#[test]
fn a_segment_that_servers_read_differently_is_refused_wherever_it_is() {
    for segment in [
        ".",
        "..",
        "%2e",
        "%2E%2e",
        ".%2e",
        "",
        "a%2fb",
        "a%2Fb",
        "a%5cb",
        "a\\b",
        "a;b",
        ";",
        "%3b",
        "%00",
        "a%0d%0ab",
        "%25",
        "a%2525",
        "%",
        "a%2",
        "%zz",
        "%ff",
        "%c0%ae%c0%ae",
    ] {
        for path in
            [format!("{segment}/x"), format!("x/{segment}/y"), format!("x/{segment}"), format!("x/y/{segment}/")]
        {
            for api in ["clm", "clm-upload", "clm-download", "esign", "navigator", "maestro"] {
                // An empty segment at the end is a slash at the end, which is fine.
                if segment.is_empty() && path == "x/" {
                    continue;
                }
                let led = lead(&Method::GET, &format!("/gateway/{api}/{path}"));
                assert!(led.is_err(), "{api}/{path}: {}", led.unwrap());
            }
        }
    }
}

#[test]
fn only_the_names_of_the_apis_lead_somewhere() {
    for path in [
        "/gateway/",
        "/gateway/x",
        "/gateway/clm",
        "/gateway/CLM/x",
        "/gateway/clm%2Fx",
        "/gateway//clm/x",
        "/gateway/clm-/x",
        "/gateway/..%2fclm/x",
        "/Gateway/clm/x",
        "/gatewayclm/x",
        "/triggers/clm/x",
        "/",
        "/gateway/eSign/x",
        "/gateway/@/x",
    ] {
        assert_eq!(error_of(path), Some("NoSuchApi".to_owned()), "{path}");
    }
    assert_eq!(error_of("/gateway/%63lm/x"), None, "an encoded letter is the letter");
}

fn error_of(path: &str) -> Option<String> {
    lead(&Method::GET, path).err().map(|error| format!("{error:?}"))
}

#[test]
fn agreements_and_workflows_share_a_host_and_do_not_lead_to_each_other() {
    let at = |api: &str, rest: &str| error_of(&format!("/gateway/{api}/v1/accounts/{ACCOUNT}{rest}")).is_none();
    for (rest, navigator, maestro) in [
        ("/agreements", true, false),
        ("/agreements/1", true, false),
        ("/upload/jobs", true, false),
        ("/workflows", false, true),
        ("/workflows/1/instances/2/actions/cancel", false, true),
        ("/Workflows", false, false),
        ("/workflow", false, false),
        ("/users", false, false),
        ("", false, false),
        ("/", false, false),
    ] {
        assert_eq!((at("navigator", rest), at("maestro", rest)), (navigator, maestro), "{rest}");
    }
}

#[test]
fn an_account_in_the_path_must_be_the_own_one_whatever_its_spelling() {
    let (upper, other) = (ACCOUNT.to_uppercase(), ACCOUNT.replace('3', "4"));
    for (path, is_own) in [
        (format!("clm/v2/{ACCOUNT}/folders/1"), true),
        (format!("clm/v2/{upper}/folders/1"), true),
        (format!("clm/v2/{other}/folders/1"), false),
        (format!("clm/V2/{other}/folders/1"), true),
        (format!("clm/folders/{other}"), true),
        (format!("clm/v2/%33{}/folders/1", &ACCOUNT[1..]), true),
        (format!("esign/v2.1/accounts/{upper}/users"), true),
        (format!("esign/v2.1/accounts/{other}/users"), false),
        (format!("esign/v2/ACCOUNTS/{other}/users"), false),
        (format!("esign/v2.1/%61ccounts/{other}"), false),
        (format!("esign/v2.1/accounts/{other}/"), false),
        ("esign/v2.1/accounts/".to_owned(), true),
        ("esign/v2.1/accounts".to_owned(), true),
        ("esign/service_information".to_owned(), true),
        (format!("clm-upload/v2/{other}/documents/1"), false),
        (format!("clm-download/v2/{other}/documents/1"), false),
    ] {
        let refused = error_of(&format!("/gateway/{path}")).as_deref() == Some("OtherAccount");
        assert_eq!(refused, !is_own, "{path}: {:?}", error_of(&format!("/gateway/{path}")));
    }
}

#[test]
fn only_what_begins_a_task_is_waited_for() {
    let begins = |method: Method, path: &str| {
        let uri: Uri = format!("/gateway/{path}").parse().unwrap();
        GatewayTarget::read(&uri).unwrap().begins(&method)
    };
    for kind in ["workflows", "copytasks", "documentsearchtasks", "foldersearchtasks", "doclaunchertasks"] {
        for path in [format!("clm/{kind}"), format!("clm/{kind}/"), format!("clm/{}", kind.to_uppercase())] {
            assert_eq!(begins(Method::POST, &path), Some(kind), "{path}");
        }
        assert_eq!(begins(Method::POST, &format!("clm/v2/{ACCOUNT}/{kind}?x=y")), Some(kind));
        for (method, path) in [
            (Method::GET, format!("clm/{kind}")),
            (Method::PUT, format!("clm/{kind}")),
            (Method::POST, format!("clm/{kind}/1")),
            (Method::POST, format!("clm/x/{kind}")),
            (Method::POST, format!("clm-upload/{kind}")),
            (Method::POST, format!("esign/{kind}")),
            (Method::POST, format!("clm/{kind}s")),
        ] {
            assert_eq!(begins(method.clone(), &path), None, "{method} {path}");
        }
    }
}

#[test]
fn uploads_and_downloads_below_clm_go_to_their_own_hosts() {
    for (method, path, host, rest) in [
        (Method::POST, "folders/1/documents", "up", "folders/1/documents"),
        (Method::POST, "documents/1", "up", "documents/1"),
        (Method::PUT, "documents/1", "api", "documents/1"),
        (Method::POST, "folders/1/documents/2", "api", "folders/1/documents/2"),
        (Method::POST, "folders", "api", "folders"),
        (Method::GET, "documents/1", "api", "documents/1"),
        (Method::GET, "documents/1/content", "down", "documents/1"),
        (Method::HEAD, "documents/1/pdf", "down", "documents/1"),
        (Method::DELETE, "documents/1/content", "api", "documents/1/content"),
        (Method::GET, "documents/1/versions", "api", "documents/1/versions"),
        (Method::GET, "documents/1/content/2", "api", "documents/1/content/2"),
        (Method::PATCH, "documents/1/parentfolder", "api", "documents/1"),
        (Method::GET, "documents/1/parentfolder", "api", "documents/1/parentfolder"),
        (Method::GET, "folders/1/content", "api", "folders/1/content"),
    ] {
        let url = lead(&method, &format!("/gateway/clm/{path}?q")).unwrap();
        assert_eq!(url.as_str(), format!("https://{host}.springcm.com/v2/{ACCOUNT}/{rest}?q"), "{method} {path}");
    }
}

proptest! {
    #[test]
    fn no_path_leaves_the_base_of_its_api(
        api in prop::sample::select(vec!["clm", "clm-upload", "clm-download", "esign", "navigator", "maestro"]),
        path in "([a-z0-9]|[/.%\\\\@:;?#&=+ ~-]|%2[eEfF5]|%5[cC]|\\.\\.|v2/|accounts/){0,20}",
        method in prop::sample::select(vec![Method::GET, Method::POST, Method::PATCH, Method::HEAD, Method::DELETE]),
    ) {
        if let Ok(url) = lead(&method, &format!("/gateway/{api}/{path}")) {
            let api = GatewayApi::parse(api).unwrap();
            let may = [api, GatewayApi::ClmUpload, GatewayApi::ClmDownload];
            let may = if api == GatewayApi::Clm { &may[..] } else { &may[..1] };
            prop_assert!(may.iter().any(|api| base(*api).contains(&url)), "{}", url);
            prop_assert!(is_trusted(&url, &[]) && url.fragment().is_none(), "{}", url);
            let decoded = percent_encoding::percent_decode_str(url.path()).collect::<Vec<u8>>();
            let segments = || decoded.split(|byte| *byte == b'/');
            prop_assert!(!segments().any(|segment| segment == b".." || segment == b"."), "{}", url);
        }
    }

    #[test]
    fn the_path_that_rules_see_is_the_path_that_is_called(path in "[a-z0-9%/._~ -]{1,40}") {
        let Ok(uri) = format!("/gateway/esign/{path}").parse::<Uri>() else { return Ok(()) };
        let Ok(target) = GatewayTarget::read(&uri) else { return Ok(()) };
        if let Ok(url) = target.url(&Method::GET, &base(GatewayApi::Esign), ACCOUNT) {
            let called = url.path().strip_prefix("/restapi/").unwrap();
            prop_assert_eq!(format!("esign/{called}"), target.path.clone());
        }
    }
}
