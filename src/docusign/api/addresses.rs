//! Which addresses access tokens may be sent to. Pure.

use url::Url;

use crate::types::is_loopback;

/// Domains of DocuSign's APIs. CLM's newer hosts are in `docusign.net` too.
const DOMAINS: [&str; 2] = [".docusign.net", ".springcm.com"];
/// Hosts of the newer APIs. Other hosts in this domain are no APIs.
const HOSTS: [&str; 2] = ["api.docusign.com", "api-d.docusign.com"];

/// Whether `url` uses https and belongs to DocuSign, or is on a configured host.
#[must_use]
pub fn is_trusted(url: &Url, named_hosts: &[String]) -> bool {
    let host = url.host_str().unwrap_or_default();
    let anonymous = url.username().is_empty() && url.password().is_none();
    let is_docusigns = DOMAINS.iter().any(|domain| host.ends_with(domain)) || HOSTS.contains(&host);
    let docusigns = url.scheme() == "https" && url.port().is_none() && is_docusigns;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
    let named = safe && named_hosts.iter().any(|named| named == host);
    anonymous && (docusigns || named)
}

/// The base URL of an API, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiBase(Url);

impl ApiBase {
    /// Parses the base URL `text` + `path`; `None` if it is not trusted.
    #[must_use]
    pub fn parse(text: &str, path: &str, named_hosts: &[String]) -> Option<Self> {
        let base = text.trim_end_matches('/');
        let url = Url::parse(&format!("{base}{path}")).ok()?;
        let plain = url.query().is_none() && url.fragment().is_none();
        (plain && is_trusted(&url, named_hosts)).then_some(Self(url))
    }

    /// The URL of `path` below this base; `None` if it leads elsewhere. `path` has no leading slash and may have a query.
    #[must_use]
    pub fn below(&self, path: &str) -> Option<Url> {
        let base = self.0.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}/{path}")).ok()?;
        self.contains(&url).then_some(url)
    }

    /// Whether `url` is below this base.
    #[must_use]
    pub fn contains(&self, url: &Url) -> bool {
        let below = url.path().strip_prefix(self.0.path().trim_end_matches('/'));
        let same_host = url.origin() == self.0.origin() && url.username().is_empty() && url.password().is_none();
        same_host && url.fragment().is_none() && below.is_some_and(|rest| rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(url: &str) -> bool {
        is_trusted(&Url::parse(url).unwrap(), &["127.0.0.1".to_owned(), "clm.contoso.com".to_owned()])
    }

    #[test]
    fn tokens_are_sent_only_to_docusign_and_configured_hosts() {
        for good in [
            "https://apiuatna11.springcm.com/v2",
            "https://api.s1.us.clm.demo.docusign.net/content",
            "https://demo.docusign.net",
            "http://127.0.0.1:7/x",
            "https://clm.contoso.com",
            "https://api-d.docusign.com/v1",
        ] {
            assert!(trusted(good), "{good}");
        }
        for bad in [
            "http://api.springcm.com",
            "https://springcm.com.example.org",
            "https://evilspringcm.com",
            "https://api.springcm.com:8443",
            "https://a@api.springcm.com",
            "https://localhost",
            "http://clm.contoso.com",
            "https://docusign.net.example",
            "https://api-x.docusign.com",
            "https://www.docusign.com",
            "https://api.docusign.com.example",
            "ftp://127.0.0.1",
        ] {
            assert!(!trusted(bad), "{bad}");
        }
    }

    #[test]
    fn no_path_leads_outside_the_base_url() {
        let base = ApiBase::parse("https://api.springcm.com/", "/v2/acc", &[]).unwrap();
        assert_eq!(
            base.below("folders/1?limit=2").unwrap().as_str(),
            "https://api.springcm.com/v2/acc/folders/1?limit=2"
        );
        for out in ["../other/folders", "..%2f/../x", "%2e%2e/x", "a/../../b", "\\..\\..\\x"] {
            let url = base.below(out);
            assert!(url.as_ref().is_none_or(|url| url.path().starts_with("/v2/acc/")), "{out}: {url:?}");
        }
        assert!(base.below("../other/folders").is_none());
        assert!(base.below("%2e%2e/x").is_none());
        assert!(!base.contains(&Url::parse("https://api.springcm.com.example/v2/acc/x").unwrap()));
        assert!(!base.contains(&Url::parse("https://api.springcm.com/v2/account/x").unwrap()));
        assert!(ApiBase::parse("https://example.org", "/v2/acc", &[]).is_none());
    }
}
