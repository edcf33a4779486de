//! The JSON Schema of the client registry agrees with the parser: same fields, same verdicts, same defaults.
//!
//! What a schema cannot say is left to the parser: that client ids and API keys differ, that no field is repeated, that a scope
//! stays within `DOCUSIGN_SCOPES`, that `1.0` is no whole number, and the finer points of a URL.

use std::path::{Path, PathBuf};
use std::process::Command;

use evergrant::config::Settings;
use readers::markdown::Page;
use serde_json::{Map, Value, json};

use crate::support::{TestEnvironment, root, run};

const DIGEST: &str = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
const OTHER_DIGEST: &str = "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9";
const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn path() -> PathBuf {
    root().join("docs/clients.schema.json")
}

fn schema() -> Value {
    serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap()
}

fn properties() -> Map<String, Value> {
    schema()["$defs"]["client"]["properties"].as_object().unwrap().clone()
}

fn check_jsonschema(arguments: &[&str], files: &[PathBuf]) -> std::process::Output {
    let program = root().join("tests/tools/.venv/bin/check-jsonschema");
    assert!(program.exists(), "{} is missing: run ./test, which installs it", program.display());
    Command::new(program).args(arguments).args(files).output().unwrap()
}

/// Which of `registries` the schema accepts; all in one run, because the checker starts slowly.
fn accepted_by_schema(registries: &[Value], folder: &Path) -> Vec<bool> {
    let write = |(number, registry): (usize, &Value)| {
        let file = folder.join(format!("{number}.json"));
        std::fs::write(&file, registry.to_string()).unwrap();
        file
    };
    let files: Vec<PathBuf> = registries.iter().enumerate().map(write).collect();
    let schema = path().display().to_string();
    let output = check_jsonschema(&["--schemafile", &schema, "--output-format", "json"], &files);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    // If every file is valid, the report has no list of errors.
    assert!(report["status"] == "ok" || report["parse_errors"] == json!([]), "{report}");
    let invalid: Vec<&str> =
        report["errors"].as_array().into_iter().flatten().filter_map(|e| e["filename"].as_str()).collect();
    files.iter().map(|file| !invalid.contains(&&*file.display().to_string())).collect()
}

fn read(registry: &Value) -> Result<evergrant::oauth::client::ClientRegistry, evergrant::config::ConfigError> {
    // Of scopes, only the format is compared.
    let env = TestEnvironment::default().with("DOCUSIGN_SCOPES", "signature spring_read spring_write x a b ~!");
    Settings::read_clients(&env.with("EVERGRANT_CLIENTS", &registry.to_string()))
}

/// Fails for every registry that schema and parser judge differently.
#[track_caller]
fn assert_judged_the_same(registries: &[Value]) {
    let folder = tempfile::tempdir().unwrap();
    let verdicts = accepted_by_schema(registries, folder.path());
    let differ = |(registry, accepted): (&Value, &bool)| {
        (read(registry).is_ok() != *accepted).then(|| (*accepted, registry.to_string()))
    };
    let different: Vec<_> = registries.iter().zip(&verdicts).filter_map(differ).collect();
    assert!(different.is_empty(), "(accepted by the schema, registry): {different:#?}");
}

/// A valid client of every kind.
fn kinds() -> [Value; 5] {
    let signing_in = ["authorization_code", "refresh_token"];
    let uris = ["https://client.example/cb"];
    [
        json!({"client_id": "script", "client_secret_sha256": [DIGEST], "grant_types": ["client_credentials"]}),
        json!({"client_id": "web", "client_secret_sha256": [DIGEST], "grant_types": signing_in, "redirect_uris": uris}),
        json!({"client_id": "key", "client_secret_sha256": [], "grant_types": [], "api_key_sha256": [OTHER_DIGEST]}),
        json!({"client_id": "native", "client_secret_sha256": [], "grant_types": signing_in, "redirect_uris": uris}),
        json!({"client_id": "workload", "grant_types": ["client_credentials"], "trust": [trusted_issuer()]}),
    ]
}

fn trusted_issuer() -> Value {
    json!({"issuer": "https://issuer.example/tenant", "audience": "evergrant", "subject": "repo:contoso/deploy"})
}

fn rsa_key() -> Value {
    json!({"kty": "RSA", "e": "AQAB", "n": RSA_MODULUS})
}

fn ec_key() -> Value {
    // The example of RFC 7517, appendix A.1.
    json!({"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
           "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})
}

/// The example of RFC 7517, appendix A.1.
const RSA_MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

fn with(client: &Value, field: &str, value: &Value) -> Value {
    let mut client = client.clone();
    client[field] = value.clone();
    json!([client])
}

#[tokio::test]
async fn the_command_prints_the_committed_schema_which_is_valid() {
    let output = run(&["config", "schema"], &[]).await;
    assert!(output.status.success());
    assert_eq!(output.stdout, std::fs::read(path()).unwrap());
    let checked = check_jsonschema(&["--check-metaschema"], &[path()]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn every_field_of_the_parser_is_in_the_schema_and_no_other() {
    let parser = std::fs::read_to_string(root().join("src/config/client.rs")).unwrap();
    let names = |call: &str| -> Vec<String> {
        parser.split(call).skip(1).filter_map(|rest| rest.split('"').next()).map(ToOwned::to_owned).collect()
    };
    let mut read = [names("fields.required(\""), names("fields.optional(\"")].concat();
    let mut described: Vec<String> = properties().keys().cloned().collect();
    read.sort();
    described.sort();
    assert_eq!(described, read);
    assert_eq!(schema()["$defs"]["client"]["additionalProperties"], false);
    assert_eq!(schema()["$defs"]["client"]["required"], json!(names("fields.required(\"")));
    for (name, property) in properties() {
        assert!(property["description"].as_str().is_some_and(|text| text.len() > 20), "{name} is not described");
    }
}

#[test]
fn the_defaults_are_the_parsers() {
    for (field, property) in properties() {
        let Some(default) = property.get("default") else { continue };
        for kind in kinds().into_iter().filter(|kind| kind.get(&field).is_none()) {
            let (without, with) = (read(&json!([kind])), read(&with(&kind, &field, default)));
            assert_eq!(format!("{without:?}"), format!("{with:?}"), "{field}");
        }
    }
}

#[test]
fn any_value_in_any_field_is_judged_the_same() {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(""),
        json!("x"),
        json!([]),
        json!([""]),
        json!(["x"]),
        json!([1]),
        json!([null]),
        json!({}),
        json!([DIGEST]),
        json!([DIGEST, DIGEST]),
    ];
    let mut registries =
        vec![json!([]), json!({}), json!(null), json!([null]), json!([[]]), json!([{}]), json!(kinds())];
    for kind in kinds() {
        for field in properties().keys() {
            registries.extend(values.iter().map(|value| with(&kind, field, value)));
            let mut without = kind.clone();
            without.as_object_mut().unwrap().remove(field);
            registries.push(json!([without]));
        }
        registries.push(with(&kind, "redirect_uri", &json!("https://client.example/cb")));
    }
    assert_judged_the_same(&registries);
}

/// Clients of every kind with each of `values` in `field`.
fn variants(field: &str, values: &Value) -> Vec<Value> {
    let values = values.as_array().unwrap().iter();
    values.flat_map(|value| kinds().map(|kind| with(&kind, field, value))).collect()
}

#[test]
fn single_values_are_judged_the_same() {
    let mut registries = Vec::new();
    for (field, values) in [
        ("profile", json!(["standard", "power_automate", "workfront", "Standard", "sap"])),
        ("subject", json!(["integration_user", "signed_in_user", "admin"])),
        ("access_token", json!(["docusign", "sealed", "jwt"])),
        (
            "scope",
            json!([
                "signature",
                " a  b ",
                " ",
                "a\"b",
                "a\\b",
                "a\tb",
                "ä",
                "a]b[c",
                "~!",
                "a\n",
                "a,b",
                "a+b",
                "a%20b",
                "A"
            ]),
        ),
        ("client_id", json!(["a:b", "a b", "a\n", "ä", "!~9;", "a".repeat(200), "a".repeat(201)])),
        ("refresh_token_lifetime", json!([31_536_000, "1"])),
    ] {
        registries.extend(variants(field, &values));
    }
    assert_judged_the_same(&registries);
}

#[test]
fn grant_types_and_digests_are_judged_the_same() {
    let grant_types = json!([
        [],
        ["refresh_token"],
        ["client_credentials"],
        ["authorization_code"],
        ["password"],
        ["client_credentials", "password"],
        ["authorization_code", "refresh_token", "client_credentials"],
        ["refresh_token", "refresh_token"],
    ]);
    let (upper, short, line) = (DIGEST.to_uppercase(), &DIGEST[1..], format!("{DIGEST}\n"));
    let secrets = json!([[upper], [OF_NOTHING], [short], [line], [DIGEST, DIGEST, DIGEST]]);
    let api_keys = json!([[], null, [OF_NOTHING], [DIGEST, DIGEST, DIGEST], [DIGEST, OF_NOTHING]]);
    let fields = [("grant_types", grant_types), ("client_secret_sha256", secrets), ("api_key_sha256", api_keys)];
    let registries: Vec<Value> = fields.iter().flat_map(|(field, values)| variants(field, values)).collect();
    assert_judged_the_same(&registries);
}

#[test]
fn user_names_are_judged_the_same() {
    let names = json!([
        ["@contoso.com", "Ada@fabrikam.com"],
        ["a@b@c"],
        ["ada"],
        ["ada@"],
        ["@"],
        ["ada @contoso.com"],
        ["ada@contoso.com\n"],
        ["ada@contoso\u{7f}.com"],
        ["ä@ö.example"],
        [format!("a@{}", "b".repeat(252))],
        [format!("a@{}", "b".repeat(253))],
    ]);
    assert_judged_the_same(&variants("api_key_usernames", &names));
}

#[test]
fn gateway_rules_are_judged_the_same() {
    let rules = json!([
        ["GET /clm/", "GET,HEAD /clm-download/documents/*", "* /esign/"],
        ["REPORT /clm-upload/folders/*/documents"],
        ["GET /clm"],
        ["GET /clm/a:b(c)@d"],
        ["GET /clm//"],
        ["GET /clm/a//b"],
        ["GET /clm/a?b"],
        ["GET /clm/a b"],
        ["GET  /clm/"],
        ["get /clm/"],
        ["GET, /clm/"],
        ["GET,* /clm/"],
        ["GET,PUT,POST /esign/v2.1/*/"],
        ["GET clm/"],
        ["GET /other/"],
        ["GET /clmx/"],
        ["GET"],
        [" /clm/"],
        ["GET /clm/ä"],
        ["GET /clm/\n"],
    ]);
    assert_judged_the_same(&variants("gateway_allow", &rules));
}

#[test]
fn redirect_uris_are_judged_the_same() {
    let uris = [
        "https://global.consent.azure-apim.net/redirect/abc",
        "https://h.example",
        "https://h.example:8443/cb?x=1&y=%20",
        "http://localhost/cb",
        "http://localhost:7071",
        "http://127.0.0.1:9/cb",
        "http://[::1]:9/cb",
        "https://[2001:db8::1]/cb",
        "http://h.example/",
        "http://localhost.example/cb",
        "http://127.0.0.1.example/cb",
        "/callback",
        "h.example/cb",
        "https://h.example/#f",
        "https://h.example/*",
        "https://*.h.example/",
        "https://h.example/a b",
        "https://h.example/<script>",
        "https://h.example/?x=\"y\"",
        "https://h.example\\@evil.example/",
        "https://{host}/cb",
        "https://h.example/a|b^c`d}",
        "https://h.example/a[1]_~!$&'()+,;=@%3C",
        "https://h.example/ä",
        "https://h.example/\n",
        "https://",
        "javascript:alert(1)",
        "ftp://h.example/",
        "app:/cb",
    ];
    let web = &kinds()[1];
    let registries: Vec<Value> = uris.iter().map(|uri| with(web, "redirect_uris", &json!([uri]))).collect();
    assert_judged_the_same(&registries);
}

#[test]
fn examples_in_the_guides_are_valid() {
    let mut registries = vec![json!([])];
    for page in [
        "docs/connections.md",
        "docs/gateway.md",
        "docs/reference/clients.md",
        "connectors/power-automate-api-key/README.md",
    ] {
        let guide = Page::read(page);
        assert!(!guide.blocks_in(&["json"]).is_empty(), "{page} shows none");
        for shown in guide.blocks_in(&["json"]) {
            let shown = shown.replace("<64 hex digits>", DIGEST).replace("<64 other hex digits>", OTHER_DIGEST);
            let shown: Value = serde_json::from_str(&shown).unwrap();
            let registry = if shown.is_array() { shown } else { json!([shown]) };
            assert!(read(&registry).is_ok(), "{page}: {registry}");
            registries.push(registry);
        }
    }
    assert_judged_the_same(&registries);
}

/// `entry` with `value` in `member`.
fn changed(mut entry: Value, member: &str, value: Value) -> Value {
    entry[member] = value;
    entry
}

/// The trusted issuer with another value in `member`.
fn issuer(member: &str, value: Value) -> Value {
    changed(trusted_issuer(), member, value)
}

/// Entries of `trust` with every kind of URL.
fn with_urls() -> Vec<Value> {
    let urls = [
        "https://issuer.example",
        "https://issuer.example/",
        "https://issuer.example/Tenant/v2.0/",
        "https://issuer.example:8443",
        "http://127.0.0.1:7071/tenant",
        "http://localhost/",
        "http://[::1]:9",
        "http://issuer.example",
        "http://127.0.0.1.example",
        "issuer.example",
        "https://",
        "https://issuer.example/?x",
        "https://issuer.example/#x",
        "https://user@issuer.example",
        "https://Issuer.example",
        "https://issuer.example/*",
        "https://issuer.ex\u{e4}mple",
        "https://issuer.example/ x",
        "https://issuer.example\n",
        "ftp://issuer.example",
    ];
    urls.iter().flat_map(|url| [issuer("issuer", (*url).into()), json!({ "jwks_uri": url })]).collect()
}

/// Entries of `trust` with every kind of text, claim and missing member.
fn with_claims() -> Vec<Value> {
    let mut entries = vec![json!({}), json!("x"), json!(null), trusted_issuer()];
    for text in ["a", "a b", "a\u{e4}b", "", "*", "a*", "a*b", "**", " a", "a ", "a\n", "a\u{0}b"] {
        entries.extend(["audience", "subject"].map(|member| issuer(member, text.into())));
        entries.extend(["repository", "ref", "environment"].map(|name| issuer("claims", json!({ name: text }))));
        entries.push(issuer("claims", json!({ text: "a" })));
    }
    for claims in [
        json!(null),
        json!({}),
        json!([]),
        json!({"a": true, "b": false, "ref": true}),
        json!({"a": 1}),
        json!({"a": null}),
        json!({"a": ["x"]}),
        json!({"a": {}}),
        json!({"iss": "a"}),
        json!({"sub": "a"}),
        json!({"exp": "a"}),
        json!({"sub.": "a", "kubernetes.io": "b"}),
    ] {
        entries.extend([issuer("claims", claims.clone()), changed(issuer("claims", claims), "subject", json!(null))]);
    }
    for member in ["issuer", "audience", "subject", "claims", "jwks", "jwks_uri", "keys"] {
        entries.extend([json!(null), json!(1), json!("x"), json!({})].map(|value| issuer(member, value)));
        let mut without = trusted_issuer();
        without.as_object_mut().unwrap().remove(member);
        entries.push(without);
    }
    entries
}

/// Entries of `trust` with every kind of key.
fn with_keys() -> Vec<Value> {
    let keys = |keys: Value| json!({"jwks": {"keys": keys}});
    let mut entries =
        vec![keys(json!([])), keys(json!({})), keys(json!([1])), json!({"jwks": {}}), json!({"jwks": null})];
    for key in [rsa_key(), ec_key()] {
        entries.extend([keys(json!([key])), json!({ "jwks": key }), json!({ "jwks": [key] })]);
        for (member, values) in [
            ("alg", json!(["RS256", "PS256", "ES256", "RS384", "HS256", "none", "rs256"])),
            ("use", json!(["sig", "enc", "", 1])),
            ("kid", json!(["a", "", 1])),
            ("kty", json!(["RSA", "EC", "oct", "OKP", "rsa", 1])),
            ("crv", json!(["P-256", "x"])),
            ("d", json!(["AQAB"])),
            ("x5c", json!([["AQAB"]])),
        ] {
            let values = values.as_array().unwrap().iter();
            entries.extend(values.map(|value| keys(json!([changed(key.clone(), member, value.clone())]))));
        }
    }
    entries
}

#[test]
fn trust_is_judged_the_same() {
    let entries = [with_urls(), with_claims(), with_keys()].concat();
    let workload = &kinds()[4];
    let caller = changed(changed(workload.clone(), "grant_types", json!([])), "client_secret_sha256", json!(null));
    let mut registries: Vec<Value> = entries.iter().map(|entry| with(workload, "trust", &json!([entry]))).collect();
    let own_key = json!({"jwks": {"keys": [ec_key()]}});
    registries.extend([json!([caller]), with(&caller, "trust", &own_key), with(&caller, "trust", &json!([own_key]))]);
    registries.extend([20, 21].map(|count| with(workload, "trust", &json!(vec![trusted_issuer(); count]))));
    registries.extend(kinds().map(|kind| with(&kind, "trust", &json!([trusted_issuer()]))));
    assert_judged_the_same(&registries);
}
