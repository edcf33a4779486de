//! The formats of the client registry, and of each field of a client.

use crate::config::error::Format;

/// `EVERGRANT_CLIENTS`.
pub const CLIENTS: Format = Format {
    expected: "a JSON array of clients (may be []), @ and the path of a file with one, or the https URL of a blob with one",
    example: "@clients.json",
};

/// A registry in a file.
pub const REGISTRY: Format = Format { expected: "a JSON array of clients (may be [])", example: CLIENT_ARRAY };

/// One client.
pub const CLIENT: Format = Format { expected: "a client, which is a JSON object", example: CLIENT_ARRAY };

const CLIENT_ARRAY: &str =
    r#"[{"client_id":"flows","client_secret_sha256":["<64 hex digits>"],"grant_types":["client_credentials"]}]"#;

/// `client_id`.
pub const CLIENT_ID: Format = Format {
    expected: "1 to 200 printable ASCII characters without spaces and colons, different for every client",
    example: r#""power-automate""#,
};

/// `client_secret_sha256`.
pub const DIGESTS: Format = Format {
    expected: "an array of at most two SHA-256 digests of secrets, 64 hexadecimal digits in lower case each ([] without trust makes a public client)",
    example: r#"["2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"]"#,
};

/// `redirect_uris`.
pub const REDIRECT_URIS: Format = Format {
    expected: "an array of exact https URIs (http on this machine only), at least one with authorization_code",
    example: r#"["https://global.consent.azure-apim.net/redirect/contoso-5f6a"]"#,
};

/// `grant_types`.
pub const GRANT_TYPES: Format = Format {
    expected: "an array of authorization_code, refresh_token and client_credentials (may be empty with an api_key_sha256 or a trusted issuer)",
    example: r#"["client_credentials"]"#,
};

/// `subject`.
pub const SUBJECT: Format = Format { expected: "integration_user or signed_in_user", example: r#""integration_user""# };

/// `scope`.
pub const SCOPE: Format =
    Format { expected: "scopes of DOCUSIGN_SCOPES separated by spaces", example: r#""signature spring_read""# };

/// `profile`.
pub const PROFILE: Format = Format { expected: "standard, power_automate or workfront", example: r#""standard""# };

/// `access_token`.
pub const ACCESS_TOKEN: Format = Format { expected: "docusign or sealed", example: r#""docusign""# };

/// `require_pkce` and others.
pub const BOOLEAN: Format = Format { expected: "true or false", example: "false" };

/// `refresh_token_lifetime`.
pub const LIFETIME: Format = Format { expected: "a whole number of seconds above 0", example: "31536000" };

/// `api_key_sha256`.
pub const API_KEYS: Format = Format {
    expected: "an array of SHA-256 digests of API keys, 64 hexadecimal digits in lower case each, which no other client has",
    example: DIGESTS.example,
};

/// `api_key_usernames`.
pub const API_KEY_USERNAMES: Format = Format {
    expected: "an array of e-mail addresses, or of @ and a domain",
    example: r#"["@contoso.com", "ada@fabrikam.com"]"#,
};

/// `gateway_allow`.
pub const GATEWAY_ALLOW: Format = Format {
    expected: "an array of presets (clm:read, clm:write, esignature:read, esignature:send) and rules: methods separated by commas \
               or *, a space, and a path below /clm/, /clm-upload/, /clm-download/, /esign/, /navigator/, /maestro/ or /triggers/, \
               where * is one segment and a slash at the end means everything below",
    example: r#"["GET /clm/", "POST /clm-upload/folders/*/documents"]"#,
};

/// A field that clients do not have.
pub const FIELD: Format =
    Format { expected: "one of the fields that `evergrant config schema` describes", example: "redirect_uris" };

/// `trust`.
pub const TRUST: Format = Format {
    expected: "an array of objects with issuer, audience and subject or claims, or with jwks or jwks_uri alone",
    example: r#"[{"issuer":"https://token.actions.githubusercontent.com","audience":"evergrant","subject":"repo:contoso/deploy:environment:production"}]"#,
};
