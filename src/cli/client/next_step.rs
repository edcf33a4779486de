//! What to do with a new client on its platform. Pure.

use std::fmt::Write as _;

use crate::cli::client::entry::NewEntry;
use crate::cli::client::trust::{NewTrust, Preset};
use crate::oauth::client::{GrantType, Profile};

/// The steps after the registry was deployed, for the app at `base`.
pub fn after_deployment(entry: &NewEntry, base: &str) -> String {
    let signs_in = entry.grant_types.contains(&GrantType::AuthorizationCode);
    let key_only = entry.grant_types.is_empty();
    if let Some(trust) = &entry.trust {
        return without_secret(entry, trust, base);
    }
    match entry.profile {
        Profile::PowerAutomate if key_only => POWER_AUTOMATE_KEY.to_owned(),
        Profile::PowerAutomate => power_automate(entry, base),
        Profile::Workfront => workfront(entry, base, key_only),
        Profile::Standard if signs_in => sign_in(entry, base),
        Profile::Standard if key_only => {
            format!(
                "Then call the gateway with the API key:\n  curl -H \"x-api-key: $key\" {base}/gateway/clm/members/current"
            )
        }
        Profile::Standard => {
            let id: String = url::form_urlencoded::byte_serialize(entry.client_id.as_str().as_bytes()).collect();
            format!(
                "Then get an access token:\n  curl -u \"{id}:$secret\" -d grant_type=client_credentials \\\n    {base}/oauth/token"
            )
        }
    }
}

/// The caller's side of a trust: where its token comes from, and where it sends it.
fn without_secret(entry: &NewEntry, trust: &NewTrust, base: &str) -> String {
    let audience = trust.audience.as_deref().unwrap_or_default();
    let intro = match trust.preset {
        Preset::Entra => format!("Then let the caller ask Entra ID for a token of this resource:\n  {audience}"),
        Preset::Github => format!(
            "Then give the workflow's job the permission id-token: write, and let it ask\nGitHub for a token with this audience:\n  {audience}"
        ),
        Preset::Kubernetes => {
            format!("Then mount a projected serviceAccountToken with this audience in the pod:\n  {audience}")
        }
        Preset::Oidc => format!("Then let the caller ask its issuer for a token with this audience:\n  {audience}"),
        Preset::Jwks => {
            format!("Then let the caller sign an assertion for each request (private_key_jwt).\nIts audience is {base}")
        }
    };
    let assertion = if trust.preset == Preset::Jwks { "the assertion" } else { "the token" };
    let token = fields(
        "\n\nIt gets an access token with this form:",
        &[
            ("Token URL", &format!("{base}/oauth/token")),
            ("grant_type", "client_credentials"),
            ("client_id", entry.client_id.as_str()),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ],
    );
    let gateway = format!("\n\nOr it calls the gateway with Authorization: Bearer and the token:\n  {base}/gateway/");
    let has_gateway = trust.preset != Preset::Jwks && !entry.gateway_allow.is_empty();
    format!("{intro}{token}{}\n\nComplete examples: examples/callers", if has_gateway { &gateway } else { "" })
}

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

const POWER_AUTOMATE_KEY: &str = "Then write the connector's files. Makers enter the API key in a connection:\n  \
    evergrant connector power-automate --api-key --out connector";

fn power_automate(entry: &NewEntry, base: &str) -> String {
    let secret = secret(entry);
    fields(
        "Then enter this on the connector's Security page in Power Automate, click\nUpdate connector, and create a connection on the page Test:",
        &[
            ("Client id", entry.client_id.as_str()),
            ("Client secret", secret),
            ("Authorization URL", &format!("{base}/oauth/authorize")),
            ("Token URL", &format!("{base}/oauth/token")),
            ("Refresh URL", &format!("{base}/oauth/token")),
        ],
    )
}

fn workfront(entry: &NewEntry, base: &str, key_only: bool) -> String {
    let intro = "Then enter this in Workfront under Setup > Documents > Custom Integration, and\nclick Save:";
    let base_url = format!("{base}/workfront/v1");
    let client_id = entry.client_id.as_str();
    if key_only {
        return fields(
            intro,
            &[("Base API URL", &base_url), ("Authentication Type", "ApiKey"), ("API key", "the one above")],
        );
    }
    fields(
        intro,
        &[
            ("Base API URL", &base_url),
            ("Authentication Type", "OAuth2"),
            ("Authentication URL", &format!("{base}/oauth/authorize/{client_id}")),
            ("Token Endpoint URL", &format!("{base}/oauth/token")),
            ("Client ID", client_id),
            ("Client Secret", secret(entry)),
        ],
    )
}

fn sign_in(entry: &NewEntry, base: &str) -> String {
    fields(
        "Then enter this in the application:",
        &[
            ("Client ID", entry.client_id.as_str()),
            ("Client secret", secret(entry)),
            ("Authorization URL", &format!("{base}/oauth/authorize")),
            ("Token URL", &format!("{base}/oauth/token")),
        ],
    )
}

const fn secret(entry: &NewEntry) -> &'static str {
    if entry.client_secret_sha256.is_some() { "the one above" } else { "none; it uses PKCE (S256)" }
}

fn fields(intro: &str, fields: &[(&str, &str)]) -> String {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    fields.iter().fold(intro.to_owned(), |mut text, (name, value)| {
        // Writing into a string cannot fail.
        let _ = write!(text, "\n  {name:width$}  {value}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::ClientId;
    use crate::oauth::subject::SubjectKind;

    fn entry(profile: Profile, grant_types: &[GrantType]) -> NewEntry {
        NewEntry {
            client_id: ClientId::parse("reports&more").unwrap(),
            client_secret_sha256: (!grant_types.is_empty()).then_some([0; 32]),
            profile,
            grant_types: grant_types.to_vec(),
            subject: SubjectKind::IntegrationUser,
            scope: None,
            redirect_uris: Vec::new(),
            api_key_sha256: None,
            api_key_usernames: Vec::new(),
            gateway_allow: Vec::new(),
            trust: None,
        }
    }

    #[test]
    fn each_platform_has_its_own_fields() {
        let code = &[GrantType::AuthorizationCode, GrantType::RefreshToken][..];
        let base = "https://contoso.example";
        for (profile, grant_types, expected) in [
            (Profile::PowerAutomate, code, "Refresh URL        https://contoso.example/oauth/token"),
            (Profile::PowerAutomate, code, "connector's Security page"),
            (Profile::PowerAutomate, &[], "evergrant connector power-automate --api-key"),
            (Profile::Workfront, code, "https://contoso.example/oauth/authorize/reports&more"),
            (Profile::Workfront, &[], "Authentication Type  ApiKey"),
            (Profile::Standard, code, "Client secret      the one above"),
            (Profile::Standard, &[], "x-api-key"),
            (Profile::Standard, &[GrantType::ClientCredentials], "\"reports%26more:$secret\""),
        ] {
            let text = after_deployment(&entry(profile, grant_types), base);
            assert!(text.contains(expected), "{expected}: {text}");
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
    }
}
