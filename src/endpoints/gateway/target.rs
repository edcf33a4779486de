//! The DocuSign address for a path of the gateway. Pure.

use http::{Method, Uri};
use url::Url;

use crate::docusign::api::addresses::ApiBase;
use crate::endpoints::gateway::error::GatewayError;
use crate::oauth::client::gateway_path::{is_unambiguous, normalize};
use crate::oauth::client::gateway_rule::GatewayApi;

/// What can be waited for.
const WAITED_FOR: [&str; 5] =
    ["workflows", "copytasks", "documentsearchtasks", "foldersearchtasks", "doclaunchertasks"];

/// A path below `/gateway/`. It cannot lead outside the base URL of its API.
#[derive(Debug, PartialEq, Eq)]
pub struct GatewayTarget<'a> {
    /// The requested path, starting with the API's name, normalized.
    pub path: String,
    /// The API in the path.
    pub named_api: GatewayApi,
    query: Option<&'a str>,
}

impl<'a> GatewayTarget<'a> {
    /// Parses the path.
    ///
    /// # Errors
    /// [`GatewayError`] for an unknown API and for an ambiguous path.
    pub fn read(uri: &'a Uri) -> Result<Self, GatewayError> {
        let asked = uri.path().strip_prefix("/gateway/").ok_or(GatewayError::NoSuchApi)?;
        let path = normalize(asked);
        let (name, rest) = path.split_once('/').ok_or(GatewayError::NoSuchApi)?;
        let named_api = GatewayApi::parse(name).ok_or(GatewayError::NoSuchApi)?;
        // As it was sent: half an escape, such as `%6%31`, becomes a whole one when it is normalized.
        let inner = asked.strip_suffix('/').unwrap_or(asked);
        if rest.is_empty() || !inner.split('/').all(is_unambiguous) {
            return Err(GatewayError::Ambiguous);
        }
        Ok(Self { named_api, query: uri.query(), path })
    }

    /// The API to call. CLM has one host for data, one for uploads and one for downloads; the connector uses `clm` for all
    /// three.
    #[must_use]
    pub fn api(&self, method: &Method) -> GatewayApi {
        self.alias(method).map_or(self.named_api, |(api, _)| api)
    }

    /// The address in the account `account`, below `base`, which is the base URL of [`Self::api`].
    ///
    /// # Errors
    /// [`GatewayError`] for a path to another account or outside the base URL.
    pub fn url(&self, method: &Method, base: &ApiBase, account: &str) -> Result<Url, GatewayError> {
        if self.other_account(account).is_some() {
            return Err(GatewayError::OtherAccount);
        }
        if self.path_in_account().is_empty() {
            return Err(GatewayError::Ambiguous);
        }
        if !self.is_in_api() {
            return Err(GatewayError::NoSuchApi);
        }
        let path = self.alias(method).map_or_else(|| self.path_in_account().to_owned(), |(_, path)| path);
        let path = self.query.map_or(path.clone(), |query| format!("{path}?{query}"));
        base.below(&path).ok_or(GatewayError::Ambiguous)
    }

    const fn is_clm(&self) -> bool {
        matches!(self.named_api, GatewayApi::Clm | GatewayApi::ClmUpload | GatewayApi::ClmDownload)
    }

    /// Whether the path belongs to its API. Two APIs share a host, and one must not lead to the other.
    fn is_in_api(&self) -> bool {
        let mut segments = self.rest().split('/').skip(1);
        let below = (segments.next(), segments.nth(1));
        match self.named_api {
            GatewayApi::Navigator => matches!(below, (Some("accounts"), Some("agreements" | "upload"))),
            GatewayApi::Maestro => matches!(below, (Some("accounts"), Some("workflows"))),
            _ => true,
        }
    }

    /// The task or workflow that this call begins, if CLM answers before it has ended.
    #[must_use]
    pub fn begins(&self, method: &Method) -> Option<&'static str> {
        let path = self.path_in_account();
        let kind = WAITED_FOR.into_iter().find(|kind| kind.eq_ignore_ascii_case(path.trim_end_matches('/')));
        kind.filter(|_| self.named_api == GatewayApi::Clm && *method == Method::POST)
    }

    /// The path after the API's name.
    fn rest(&self) -> &str {
        self.path.split_once('/').map_or("", |(_, rest)| rest)
    }

    /// The path without `v2` and the account. CLM's addresses contain both, and callers may copy them.
    fn path_in_account(&self) -> &str {
        let versioned = self.rest().strip_prefix("v2/").filter(|_| self.is_clm());
        versioned.map_or(self.rest(), |versioned| versioned.split_once('/').map_or("", |(_, path)| path))
    }

    /// The account in the path, unless it is `account`.
    #[must_use]
    pub fn other_account(&self, account: &str) -> Option<&str> {
        let mut segments = self.rest().split('/');
        let (first, second, third) = (segments.next(), segments.next(), segments.next());
        let named = match self.named_api {
            _ if self.is_clm() => second.filter(|_| first == Some("v2")),
            _ if second.is_some_and(|second| second.eq_ignore_ascii_case("accounts")) => third,
            _ => None,
        };
        named.filter(|named| !named.is_empty() && !named.eq_ignore_ascii_case(account))
    }

    /// The target with `account` instead of `number` in the path, which means the same account.
    #[must_use]
    pub fn with_account(self, number: &str, account: &str) -> Self {
        let mut segments: Vec<&str> = self.path.split('/').collect();
        if let Some(named) = segments.iter_mut().find(|segment| **segment == number) {
            *named = account;
        }
        Self { path: segments.join("/"), ..self }
    }

    /// The API and path for requests below `clm` that go to another host or exist only in the connector.
    fn alias(&self, method: &Method) -> Option<(GatewayApi, String)> {
        let segments: Vec<&str> = self.path_in_account().split('/').collect();
        match (self.named_api, method.as_str(), segments.as_slice()) {
            (GatewayApi::Clm, "POST", ["folders", _, "documents"] | ["documents", _]) => {
                Some((GatewayApi::ClmUpload, self.path_in_account().to_owned()))
            }
            (GatewayApi::Clm, "GET" | "HEAD", ["documents", id, "content" | "pdf"]) => {
                Some((GatewayApi::ClmDownload, format!("documents/{id}")))
            }
            (GatewayApi::Clm, "PATCH", ["documents", id, "parentfolder"]) => {
                Some((GatewayApi::Clm, format!("documents/{id}")))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ACCOUNT: &str = "3f0c2d9e-6b1a-4c57-9a83-0d5e7b21c4aa";

    fn base(api: GatewayApi) -> ApiBase {
        let (url, path) = match api {
            GatewayApi::Clm => ("https://api.springcm.com", format!("/v2/{ACCOUNT}")),
            GatewayApi::ClmUpload => ("https://up.springcm.com", format!("/v2/{ACCOUNT}")),
            GatewayApi::ClmDownload => ("https://down.springcm.com", format!("/v2/{ACCOUNT}")),
            GatewayApi::Esign => ("https://demo.docusign.net", "/restapi".to_owned()),
            GatewayApi::Navigator | GatewayApi::Maestro => ("https://api-d.docusign.com", String::new()),
        };
        ApiBase::parse(url, &path, &[]).unwrap()
    }

    fn url(method: &Method, path: &str) -> Result<String, GatewayError> {
        let uri: Uri = path.parse().map_err(|_| GatewayError::Ambiguous)?;
        let target = GatewayTarget::read(&uri)?;
        target.url(method, &base(target.api(method)), ACCOUNT).map(|url| url.to_string())
    }

    #[test]
    fn paths_lead_to_the_hosts_of_their_apis() {
        let clm = |host: &str, rest: &str| format!("https://{host}.springcm.com/v2/{ACCOUNT}/{rest}");
        let copied = format!("/gateway/clm/v2/{}/folders/1", ACCOUNT.to_uppercase());
        for (method, path, expected) in [
            (
                Method::GET,
                "/gateway/clm/folders/1?expand=Path&filter=Name=x",
                clm("api", "folders/1?expand=Path&filter=Name=x"),
            ),
            (Method::GET, &copied, clm("api", "folders/1")),
            (
                Method::POST,
                "/gateway/clm-upload/folders/1/documents?name=a%20b",
                clm("up", "folders/1/documents?name=a%20b"),
            ),
            (Method::POST, "/gateway/clm/folders/1/documents?name=x", clm("up", "folders/1/documents?name=x")),
            (Method::GET, "/gateway/clm/folders/1/documents", clm("api", "folders/1/documents")),
            (Method::POST, "/gateway/clm/documents/1", clm("up", "documents/1")),
            (Method::GET, "/gateway/clm/documents/1/content", clm("down", "documents/1")),
            (Method::GET, "/gateway/clm/documents/1/pdf?a=b", clm("down", "documents/1?a=b")),
            (Method::PATCH, "/gateway/clm/documents/1/parentfolder", clm("api", "documents/1")),
            (Method::GET, "/gateway/clm-download/documents/1", clm("down", "documents/1")),
            (Method::POST, &format!("/gateway/clm/v2/{ACCOUNT}/documents/1"), clm("up", "documents/1")),
            (Method::GET, &format!("/gateway/clm/v2/{ACCOUNT}/documents/1/content"), clm("down", "documents/1")),
            (
                Method::GET,
                &format!("/gateway/esign/v2.1/accounts/{ACCOUNT}/envelopes"),
                format!("https://demo.docusign.net/restapi/v2.1/accounts/{ACCOUNT}/envelopes"),
            ),
            (Method::GET, "/gateway/clm/f%6Flders/1%2D2/a%20b", clm("api", "folders/1-2/a%20b")),
            (
                Method::GET,
                &format!("/gateway/navigator/v1/accounts/{ACCOUNT}/agreements?limit=2"),
                format!("https://api-d.docusign.com/v1/accounts/{ACCOUNT}/agreements?limit=2"),
            ),
            (
                Method::POST,
                &format!("/gateway/maestro/v1/accounts/{ACCOUNT}/workflows/1/actions/trigger"),
                format!("https://api-d.docusign.com/v1/accounts/{ACCOUNT}/workflows/1/actions/trigger"),
            ),
            (Method::GET, "/gateway/esign/v2.1/x", "https://demo.docusign.net/restapi/v2.1/x".to_owned()),
        ] {
            assert_eq!(url(&method, path).unwrap(), expected, "{method} {path}");
        }
    }

    #[test]
    fn other_accounts_and_apis_are_refused() {
        for (path, expected) in [
            ("/gateway/clm/v2/11111111-6b1a-4c57-9a83-0d5e7b21c4aa/folders/1", GatewayError::OtherAccount),
            ("/gateway/clm/v2/x", GatewayError::OtherAccount),
            ("/gateway/esign/v2.1/accounts/11111111-6b1a-4c57-9a83-0d5e7b21c4aa/users", GatewayError::OtherAccount),
            ("/gateway/esign/v2.1/accounts/42/envelopes", GatewayError::OtherAccount),
            ("/gateway/esign/v2.1/Accounts/42/envelopes", GatewayError::OtherAccount),
            ("/gateway/esign/v2.1/accounts/%31%31111111-6b1a-4c57-9a83-0d5e7b21c4aa/users", GatewayError::OtherAccount),
            ("/gateway/esign/v2.1/%61ccounts/42/users", GatewayError::OtherAccount),
            ("/gateway/clm/v2/", GatewayError::Ambiguous),
            ("/gateway/maestro/v1/accounts/42/workflows", GatewayError::OtherAccount),
            ("/gateway/navigator/v1/accounts/3f0c2d9e-6b1a-4c57-9a83-0d5e7b21c4aa/workflows", GatewayError::NoSuchApi),
            ("/gateway/maestro/v1/accounts/3f0c2d9e-6b1a-4c57-9a83-0d5e7b21c4aa/agreements", GatewayError::NoSuchApi),
            ("/gateway/maestro/v1/organizations/1", GatewayError::NoSuchApi),
            ("/gateway/clm2/folders", GatewayError::NoSuchApi),
            ("/gateway/clm", GatewayError::NoSuchApi),
            ("/gateway/http://example.org/x", GatewayError::NoSuchApi),
            ("/gateway/clm/", GatewayError::Ambiguous),
        ] {
            assert_eq!(url(&Method::GET, path).unwrap_err(), expected, "{path}");
        }
    }

    #[test]
    fn the_number_of_the_account_becomes_its_id() {
        for (path, expected) in [
            ("/gateway/esign/v2.1/accounts/12345678/envelopes/12345678", Some("12345678")),
            ("/gateway/esign/v2.1/accounts/%31%32345678", Some("12345678")),
            ("/gateway/clm/v2/12345678/folders/1", Some("12345678")),
            ("/gateway/esign/v2.1/accounts/default/folders/default", Some("default")),
            ("/gateway/clm/v2/default/folders/1", Some("default")),
            ("/gateway/esign/v2.1/x/12345678", None),
            ("/gateway/clm/folders/12345678", None),
        ] {
            let uri: Uri = path.parse().unwrap();
            let target = GatewayTarget::read(&uri).unwrap();
            let number = target.other_account(ACCOUNT).map(ToOwned::to_owned);
            assert_eq!(number.as_deref(), expected, "{path}");
            let Some(number) = number else { continue };
            let target = target.with_account(&number, ACCOUNT);
            let url = target.url(&Method::GET, &base(target.api(&Method::GET)), ACCOUNT).unwrap();
            assert_eq!(url.path().matches(ACCOUNT).count(), 1, "{url}");
        }
        // A version that looks like the number is replaced instead, and then the account is still another one.
        let uri: Uri = "/gateway/esign/42/accounts/42/x".parse().unwrap();
        let target = GatewayTarget::read(&uri).unwrap().with_account("42", ACCOUNT);
        assert_eq!(
            target.url(&Method::GET, &base(GatewayApi::Esign), ACCOUNT).unwrap_err(),
            GatewayError::OtherAccount
        );
    }

    #[test]
    fn ambiguous_paths_are_refused() {
        for path in [
            "..",
            "../x",
            "a/../b",
            "a/./b",
            "%2e%2e/x",
            "%2E%2e%2Fx",
            "a%2fb",
            "a%5cb",
            "a//b",
            "%252e%252e/x",
            "a%00b",
            "a%zz",
            "a;b=c",
            "a%",
            "a%0d%0ab",
            "..%5c..%5cx",
            "%ff",
            "a/..",
            "%6%31",
            "v2.1/%6%31ccounts/42/users",
            "v2.1/accounts/3f0c2d9e-6b1a-4c57-9a83-0d5e7b21c4aa/%6%33onnect/secret",
        ] {
            for api in ["clm", "clm-upload", "clm-download", "esign"] {
                assert!(url(&Method::GET, &format!("/gateway/{api}/{path}")).is_err(), "{api} {path}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_path_leaves_the_account(path in "[a-z0-9./%\\\\@:;?#&=+ ~-]{0,60}", post in any::<bool>()) {
            let method = if post { Method::POST } else { Method::GET };
            for api in ["clm", "clm-upload", "clm-download", "esign"] {
                if let Ok(url) = url(&method, &format!("/gateway/{api}/{path}")) {
                    let esign = url.strip_prefix("https://demo.docusign.net/restapi/");
                    let other = esign.is_some_and(|path| path.to_lowercase().split_once("/accounts/").is_some_and(|(v, rest)| {
                        !v.contains('/') && !rest.is_empty() && !rest.starts_with(['/', '?']) && !rest.starts_with(ACCOUNT)
                    }));
                    let inside = (esign.is_some() && !other)
                        || ["api", "up", "down"].iter().any(|host| url.starts_with(&format!("https://{host}.springcm.com/v2/{ACCOUNT}/")));
                    prop_assert!(inside && !url.contains("/../"), "{url}");
                }
            }
        }
    }
}
