//! What is in the way of a connection, from the HTTP client's error. Pure.

use std::error::Error;

use crate::types::{Explained, Explanation};
use crate::web::upstream::UpstreamAnswer;

/// Why a connection could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The certificate is by an authority that this machine does not trust.
    Certificate,
    /// The proxy does not answer.
    ProxyUnreachable,
    /// The proxy requires a user name and a password.
    ProxyLogin,
    /// The proxy answers, but does not make the connection.
    ProxyRefuses,
    /// The name cannot be resolved.
    Name,
    /// Not known; the HTTP client's own words.
    Other(UpstreamAnswer),
}

impl Obstacle {
    /// Every obstacle.
    pub const ALL: [Self; 6] = [
        Self::Certificate,
        Self::ProxyUnreachable,
        Self::ProxyLogin,
        Self::ProxyRefuses,
        Self::Name,
        Self::Other(UpstreamAnswer::NONE),
    ];

    /// The obstacle that `error` or one of its causes names, or their words.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        Self::known(error).unwrap_or_else(|| Self::Other(UpstreamAnswer::of_error(error)))
    }

    /// The obstacle that `error` or one of its causes names, if any.
    #[must_use]
    pub fn known(error: &(dyn Error + 'static)) -> Option<Self> {
        let (mut text, mut cause) = (String::new(), Some(error));
        while let Some(error) = cause {
            text += &error.to_string().to_ascii_lowercase();
            cause = error.source();
        }
        // The proxy comes first: its own connection can fail for the other reasons.
        let signs = [
            ("proxy authorization required", Self::ProxyLogin),
            ("tunnel error: failed to create", Self::ProxyUnreachable),
            ("tunnel error", Self::ProxyRefuses),
            ("peer certificate", Self::Certificate),
            ("dns error", Self::Name),
        ];
        signs.into_iter().find(|(sign, _)| text.contains(sign)).map(|(_, obstacle)| obstacle)
    }

    /// The explanation of an error of which this is the reason: `error` with the fix of this obstacle.
    #[must_use]
    pub fn explain_as(&self, error: Explanation) -> Explanation {
        match self {
            Self::Certificate | Self::ProxyUnreachable | Self::ProxyLogin => {
                Explanation { operator: self.explain().operator, command: None, ..error }
            }
            // The name may be wrong, which only the error's own text knows.
            Self::ProxyRefuses | Self::Name | Self::Other(_) => error,
        }
    }

    /// The value of `<answer>` in the text of an error.
    #[must_use]
    pub fn as_answer(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Other(words) => words.details(),
            _ => vec![("answer", self.explain().problem.to_owned())],
        }
    }
}

const CERTIFICATE: Explanation = Explanation {
    code: "no_answer",
    problem: "the certificate is not trusted",
    client: "another service cannot be reached at the moment; try again later",
    person: "Wait a minute, then load this page again.",
    operator: "Set SSL_CERT_FILE to a PEM file with every CA certificate that this network needs, also the one of a proxy that \
        inspects TLS. If it is set, check that the file exists.",
    command: None,
};

const PROXY_UNREACHABLE: Explanation = Explanation {
    problem: "the proxy does not answer",
    operator: "Check the proxy's address in HTTPS_PROXY, or remove that setting.",
    ..CERTIFICATE
};

const PROXY_LOGIN: Explanation = Explanation {
    problem: "the proxy requires a password",
    operator: "Put the proxy's user name and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT.",
    ..CERTIFICATE
};

const PROXY_REFUSES: Explanation = Explanation {
    problem: "the proxy did not connect",
    operator: "Check the name of the host, and that the proxy of HTTPS_PROXY allows it.",
    ..CERTIFICATE
};

const NAME: Explanation = Explanation {
    problem: "the host's name is unknown",
    operator: "Check the name, and this network's DNS.",
    ..CERTIFICATE
};

const OTHER: Explanation = Explanation {
    problem: "the connection failed",
    operator: "This may pass by itself. If not, check this network.",
    ..CERTIFICATE
};

impl Explained for Obstacle {
    fn explain(&self) -> Explanation {
        match self {
            Self::Certificate => CERTIFICATE,
            Self::ProxyUnreachable => PROXY_UNREACHABLE,
            Self::ProxyLogin => PROXY_LOGIN,
            Self::ProxyRefuses => PROXY_REFUSES,
            Self::Name => NAME,
            Self::Other(_) => OTHER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error with a cause for each line.
    #[derive(Debug)]
    struct Chain(&'static [&'static str], Option<Box<Chain>>);

    impl Chain {
        fn of(causes: &'static [&'static str]) -> Self {
            let next = causes.get(1..).filter(|rest| !rest.is_empty()).map(|rest| Box::new(Self::of(rest)));
            Self(causes, next)
        }
    }

    impl std::fmt::Display for Chain {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0[0])
        }
    }

    impl Error for Chain {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|next| -> &(dyn Error + 'static) { next })
        }
    }

    #[test]
    fn the_obstacle_is_found_in_the_causes() {
        for (causes, expected) in [
            (
                &["error sending request", "client error (Connect)", "invalid peer certificate: UnknownIssuer"][..],
                Some(Obstacle::Certificate),
            ),
            (
                &["x", "tunnel error: failed to create underlying connection", "dns error"],
                Some(Obstacle::ProxyUnreachable),
            ),
            (&["x", "tunnel error: proxy authorization required"], Some(Obstacle::ProxyLogin)),
            (&["x", "tunnel error: unsuccessful"], Some(Obstacle::ProxyRefuses)),
            (&["x", "dns error", "failed to lookup address information"], Some(Obstacle::Name)),
            (&["x", "connection closed before message completed"], None),
        ] {
            assert_eq!(Obstacle::known(&Chain::of(causes)), expected, "{causes:?}");
        }
        let unknown =
            Chain::of(&["error sending request for url (https://contoso.example/x?y)", "reset `by` peer 10.0.0.1"]);
        let words = "error sending request for url ...: reset by peer ...";
        assert_eq!(Obstacle::of(&unknown).as_answer(), [("answer", words.to_owned())]);
    }
}
