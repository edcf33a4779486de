//! What a fault does, in words.

const SEE: &str = "The checks of the setup page show it at once, because they do not use the cache.\n";

/// What happens from now on, and how long Evergrant waits before it tries again.
#[must_use]
pub fn explain(kind: &str, at: &str) -> String {
    if kind == "none" {
        return "All faults are off. Evergrant tries again when its back-off is over, after at most 30 s.\n".to_owned();
    }
    let see = if kind == "slow" { "" } else { SEE };
    format!("{} {}. All other faults are off.\n{}\n{see}", name(at), does(kind), then(kind, at))
}

/// A server's name in a sentence.
fn name(at: &str) -> &'static str {
    match at {
        "key-vault" => "Key Vault",
        "identity" => "The managed identity",
        "esign" => "The eSignature API",
        "clm" => "The CLM API",
        "github" => "GitHub's issuer",
        _ => "DocuSign's token endpoint",
    }
}

fn does(kind: &str) -> &'static str {
    match kind {
        "slow" => "answers 2 s late",
        "status-400" => "answers 400 with an HTML page",
        "status-500" => "answers 500 with an HTML page",
        "forbidden" => "answers 403, as without a role or right",
        "throttle" => "answers 429 with Retry-After: 5",
        "hang" => "never answers",
        "malformed" => "answers 200 with broken JSON",
        "consent-withdrawn" => "answers consent_required, as if the consent was withdrawn",
        "key-not-registered" => "rejects every signature, as if the public key was deleted",
        _ => "closes every connection",
    }
}

/// What Evergrant does. Calls of the APIs are passed on; the other servers are needed for an access token.
fn then(kind: &str, at: &str) -> &'static str {
    match (kind, at) {
        (_, "github") => {
            "Workflows go on with the issuer's keys that Evergrant has, for a day. Without keys, it answers 503."
        }
        (_, "esign" | "clm") => {
            "Calls through the gateway and Workfront meet it every time, because Evergrant does not back off."
        }
        ("slow", _) => "New access tokens take longer. Nothing fails.",
        ("throttle", "docusign" | "key-vault") => {
            "Without a cached access token, Evergrant answers 503. It backs off for those 5 s."
        }
        ("forbidden", "docusign" | "key-vault") | ("consent-withdrawn" | "key-not-registered", _) => {
            "Without a cached access token, Evergrant answers 503. It backs off for 30 s, because only a person can fix that."
        }
        _ => "Without a cached access token, Evergrant answers 503. It backs off for 2 s, then for up to 10 s.",
    }
}
