//! `evergrant client`: secrets are shown once, and registries are written whole and valid.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use evergrant::config::{Settings, warnings};
use evergrant::oauth::client::ClientRegistry;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{TestEnvironment, run};

const URI: &str = "https://client.example/cb";

/// Two clients in unusual formatting. What is not changed keeps its value and its order.
const HAND_WRITTEN: &str = "[ {\"client_id\" : \"first\",\"grant_types\":[\"client_credentials\"] ,\n\t\"client_secret_sha256\":\
    [\"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\"], \"scope\": null},\n\n {\"grant_types\": [\"refresh_token\"],\n\
    \"client_secret_sha256\": [], \"client_id\":\"second\\\"\\u0026\" } ]  \n";

/// `text` as commands write it.
fn pretty(text: &str) -> String {
    format!("{:#}\n", serde_json::from_str::<Value>(text).unwrap())
}

/// A registry in its own folder.
struct Registry {
    folder: TempDir,
}

impl Registry {
    fn of(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("clients.json"), text).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("clients.json")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    fn clients(&self) -> ClientRegistry {
        Settings::read_clients(&TestEnvironment::default().with("EVERGRANT_CLIENTS", &self.text())).unwrap()
    }

    /// `evergrant client …` with `--in`.
    async fn client(&self, arguments: &[&str]) -> Output {
        let path = self.path().display().to_string();
        run(&[&["client"], arguments, &["--in", &path]].concat(), &[]).await
    }

    /// The number of files in the registry's folder, including the registry.
    fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

/// The secret, which is the only output on stdout.
#[track_caller]
fn secret(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    let stdout = String::from_utf8(output.stdout.clone()).unwrap();
    let secret = stdout.strip_suffix('\n').unwrap();
    let hex = secret.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    assert!(secret.len() == 64 && hex, "{stdout}");
    assert!(!stderr(output).contains(secret), "shown twice");
    secret.to_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn assert_refused(output: &Output, why: &str) {
    assert_eq!(output.status.code(), Some(2), "{}", stderr(output));
    assert!(stderr(output).contains(why), "{}", stderr(output));
    assert!(output.stdout.is_empty());
}

/// The entry that is printed for the operator to add.
fn shown_entry(output: &Output) -> Value {
    let text = stderr(output);
    let (start, end) = (text.find('{').unwrap(), text.find("\n}").unwrap() + 2);
    serde_json::from_str(&text[start..end]).unwrap()
}

#[tokio::test]
async fn a_new_client_is_shown_with_the_digest_of_its_secret_and_how_to_deploy_it() {
    let output = run(&["client", "new", "nightly-report", "--scope", "signature"], &[]).await;
    let expected = json!({
        "client_id": "nightly-report", "client_secret_sha256": [sandbox::digest(&secret(&output))],
        "grant_types": ["client_credentials"], "subject": "integration_user", "scope": "signature",
    });
    assert_eq!(shown_entry(&output), expected);
    let text = stderr(&output);
    for hint in ["shown once", "infra/clients.json", "./deploy --clients-only", "within 30 seconds"] {
        assert!(text.contains(hint), "{hint}: {text}");
    }
    let other = run(&["client", "new", "nightly-report"], &[]).await;
    assert_ne!(secret(&other), secret(&output));
    let local = Registry::of("[]");
    let text = stderr(&local.client(&["new", "nightly-report"]).await);
    let deploy = format!("./deploy --clients-only --clients {} ", local.path().display());
    assert!(text.contains("EVERGRANT_CLIENTS names this file") && text.contains(&deploy), "{text}");
}

#[tokio::test]
async fn a_profile_sets_the_grant_types_its_platform_needs() {
    let signing_in = json!(["authorization_code", "refresh_token"]);
    for (arguments, profile, grant_types) in [
        (&["--profile", "power_automate", "--redirect-uri", URI][..], json!("power_automate"), &signing_in),
        (&["--profile", "workfront", "--redirect-uri", URI], json!("workfront"), &signing_in),
        (&["--redirect-uri", URI], Value::Null, &signing_in),
        (&["--profile", "standard", "--redirect-uri", URI], Value::Null, &signing_in),
        // Hyphens, as in the names of commands.
        (&["--profile", "power-automate", "--redirect-uri", URI], json!("power_automate"), &signing_in),
        (&["--grant-type", "client-credentials"], Value::Null, &json!(["client_credentials"])),
        (
            &["--grant-type", "refresh_token", "--grant-type", "client_credentials"],
            Value::Null,
            &json!(["refresh_token", "client_credentials"]),
        ),
    ] {
        let output = run(&[&["client", "new", "c"], arguments].concat(), &[]).await;
        let entry = shown_entry(&output);
        assert_eq!((&entry["profile"], &entry["grant_types"]), (&profile, grant_types));
    }
    let person = run(&["client", "new", "c", "--subject", "signed-in-user", "--redirect-uri", URI], &[]).await;
    assert_eq!(shown_entry(&person)["subject"], "signed_in_user");
    for wrong in ["power--automate", "power automate", "automate"] {
        let refused = run(&["client", "new", "c", "--profile", wrong], &[]).await;
        assert!(stderr(&refused).contains("[possible values: standard, power_automate, workfront]"), "{wrong}");
    }
    let public = run(&["client", "new", "c", "--public", "--redirect-uri", URI], &[]).await;
    assert!(public.status.success() && public.stdout.is_empty(), "there is no secret to show");
    assert_eq!(shown_entry(&public)["client_secret_sha256"], json!([]));
    for (profile, hint) in [("power_automate", "custom connector"), ("workfront", "Workfront Redirect URI")] {
        let output = run(&["client", "new", "c", "--profile", profile], &[]).await;
        assert_refused(&output, "--redirect-uri is missing");
        assert!(stderr(&output).contains(hint), "{}", stderr(&output));
    }
}

#[tokio::test]
async fn a_new_client_comes_with_the_next_step_on_its_platform() {
    let app = [("EVERGRANT_PUBLIC_URL", "https://contoso.example")];
    for (arguments, expected) in [
        (&["--profile", "power_automate", "--redirect-uri", URI][..], "Security page in Power Automate"),
        (
            &["--profile", "power_automate", "--redirect-uri", URI],
            "Refresh URL        https://contoso.example/oauth/token",
        ),
        (&["--profile", "workfront", "--redirect-uri", URI], "https://contoso.example/oauth/authorize/c\n"),
        (&["--profile", "workfront", "--api-key"], "Authentication Type  ApiKey"),
        (&[], "curl -u \"c:$secret\" -d grant_type=client_credentials"),
    ] {
        let output = run(&[&["client", "new", "c"], arguments].concat(), &app).await;
        assert!(output.status.success() && stderr(&output).contains(expected), "{expected}: {}", stderr(&output));
    }
    let elsewhere = run(&["client", "new", "c"], &[]).await;
    assert!(stderr(&elsewhere).contains("<base URL>/oauth/token"), "{}", stderr(&elsewhere));
}

/// Workfront's document routes accept only sealed access tokens.
#[tokio::test]
async fn workfront_gets_sealed_access_tokens() {
    let output = run(&["client", "new", "c", "--profile", "workfront", "--redirect-uri", URI], &[]).await;
    assert_eq!(shown_entry(&output)["access_token"], "sealed");
    assert!(!stderr(&output).contains("warning"), "{}", stderr(&output));
}

#[tokio::test]
async fn an_api_key_is_shown_once_instead_of_a_secret_or_after_it() {
    let arguments = ["--api-key", "--allow", "GET /clm/", "--username", "@contoso.com"];
    let output = run(&[&["client", "new", "archive"][..], &arguments].concat(), &[]).await;
    let expected = json!({
        "client_id": "archive", "client_secret_sha256": [], "grant_types": [], "subject": "integration_user",
        "api_key_sha256": [sandbox::digest(&secret(&output))], "api_key_usernames": ["@contoso.com"],
        "gateway_allow": ["GET /clm/"],
    });
    assert_eq!(shown_entry(&output), expected);
    assert!(stderr(&output).contains("The API key of archive. Copy it now: it is shown once"), "{}", stderr(&output));
    let both = run(&["client", "new", "c", "--profile", "workfront", "--redirect-uri", URI, "--api-key"], &[]).await;
    let stdout = String::from_utf8(both.stdout.clone()).unwrap();
    let shown: Vec<&str> = stdout.lines().collect();
    let entry = shown_entry(&both);
    assert_eq!(entry["client_secret_sha256"], json!([sandbox::digest(shown[0])]));
    assert_eq!(entry["api_key_sha256"], json!([sandbox::digest(shown[1])]));
    assert_eq!(shown.len(), 2);
    let bare = run(&["client", "new", "c", "--api-key"], &[]).await;
    assert!(stderr(&bare).contains("warning: gateway_allow"), "{}", stderr(&bare));
    for (arguments, why) in [
        (&["--api-key", "--allow", "GET /other/"][..], "--allow"),
        (&["--username", "@contoso.com"], "--api-key"),
        (&["--api-key", "--username", "ada"], "api_key_usernames"),
    ] {
        assert_refused(&run(&[&["client", "new", "c"], arguments].concat(), &[]).await, why);
    }
}

#[tokio::test]
async fn an_api_key_is_replaced_as_a_secret_is() {
    let registry = Registry::of("[]");
    let first = secret(&registry.client(&["new", "keyed", "--api-key", "--allow", "* /clm/"]).await);
    let (rotate, finish) = (["rotate", "keyed", "--api-key"], ["rotate", "keyed", "--api-key", "--finish", "--yes"]);
    assert_refused(&registry.client(&finish).await, "only one API key");
    let second = secret(&registry.client(&rotate).await);
    let accepts = |key: &str| registry.clients().by_api_key(key).is_some();
    assert!(accepts(&first) && accepts(&second));
    assert_refused(&registry.client(&rotate).await, "two API keys already");
    assert_refused(&registry.client(&["rotate", "keyed"]).await, "public client");
    assert!(registry.client(&finish).await.status.success());
    assert!(!accepts(&first) && accepts(&second));
    let output = run(&["client", "check", &registry.path().display().to_string()], &[]).await;
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout.lines().next(), Some("keyed: integration_user, 1 API key"));
    let keyless = Registry::of(HAND_WRITTEN);
    assert_refused(&keyless.client(&["rotate", "first", "--api-key"]).await, "no API key to replace");
    assert_eq!(keyless.text(), HAND_WRITTEN);
}

#[tokio::test]
async fn a_new_client_goes_to_the_end_and_everything_else_keeps_its_order() {
    for (before, separator) in [("[]", ""), (" [\n\n]\n\n", ""), (HAND_WRITTEN, ",")] {
        let registry = Registry::of(before);
        let output = registry.client(&["new", "third"]).await;
        let digest = sandbox::digest(&secret(&output));
        let kept = before.trim_end().strip_suffix(']').unwrap();
        let entry = format!(
            r#"{{"client_id": "third", "client_secret_sha256": ["{digest}"], "grant_types": ["client_credentials"],
                "subject": "integration_user"}}"#
        );
        assert_eq!(registry.text(), pretty(&format!("{kept}{separator}{entry}]")));
        assert_eq!(registry.clients().iter().last().unwrap().client_id.as_str(), "third");
        assert_eq!(registry.files(), 1);
    }
}

#[tokio::test]
async fn refused_changes_write_nothing() {
    let registry = Registry::of(HAND_WRITTEN);
    assert_refused(&registry.client(&["new", "first"]).await, "has a client with this client_id already");
    assert_refused(&registry.client(&["new", "second\"&"]).await, "has a client with this client_id already");
    assert_refused(&registry.client(&["new", "with space"]).await, "CLIENT_ID");
    let uri = ["new", "c", "--redirect-uri", "https://*.example/"];
    assert_refused(&registry.client(&uri).await, "--redirect-uri");
    assert_refused(&registry.client(&["new", "c", "--subject", "signed_in_user"]).await, "grant_types");
    assert_refused(&registry.client(&["new", "c", "--public", "--grant-type", "client_credentials"]).await, "RFC 6749");
    assert_refused(&registry.client(&["rotate", "unknown"]).await, "no client with this client_id");
    assert_refused(&registry.client(&["rotate", "second\"&"]).await, "public client");
    assert_refused(&registry.client(&["rotate", "first", "--finish", "--yes"]).await, "only one secret");
    assert_eq!((registry.text().as_str(), registry.files()), (HAND_WRITTEN, 1));
    let path = registry.path().display().to_string();
    let scopes = [("DOCUSIGN_SCOPES", "spring_read")];
    assert_refused(
        &run(&["client", "new", "c", "--scope", "signature", "--in", &path], &scopes).await,
        "DOCUSIGN_SCOPES",
    );
    assert_eq!(registry.text(), HAND_WRITTEN);
    for faulty in ["", "{}", "[{\"client_id\": \"a\"}]", "[,]"] {
        let registry = Registry::of(faulty);
        assert_refused(&registry.client(&["new", "c"]).await, "clients.json");
        assert_eq!(registry.text(), faulty);
    }
    let nowhere = registry.folder.path().join("nowhere.json").display().to_string();
    assert_refused(&run(&["client", "rotate", "c", "--in", &nowhere], &[]).await, "does not exist");
    assert!(!Path::new(&nowhere).exists());
    for field in [r#""client_id": "first""#, r#""grant_types": ["client_credentials"]"#] {
        let twice = HAND_WRITTEN.replace("\"scope\": null", field);
        let registry = Registry::of(&twice);
        assert_refused(&registry.client(&["rotate", "first"]).await, "is there twice");
        assert_refused(&registry.client(&["new", "third"]).await, "is there twice");
        assert_eq!(registry.text(), twice);
    }
}

#[tokio::test]
async fn a_rotation_accepts_both_secrets_and_then_the_newer_one() {
    let registry = Registry::of(HAND_WRITTEN);
    let second = secret(&registry.client(&["rotate", "first"]).await);
    let accepts = |secret: &str| registry.clients().find("first").unwrap().has_secret(secret);
    assert!(accepts("foo") && accepts(&second));
    let (old, new) = (sandbox::digest("foo"), sandbox::digest(&second));
    let both = HAND_WRITTEN.replace(&format!("[\"{old}\"]"), &format!("[\"{old}\", \"{new}\"]"));
    assert_eq!(registry.text(), pretty(&both));
    let again = registry.client(&["rotate", "first"]).await;
    assert_refused(&again, "finish that rotation first");
    assert!(accepts("foo") && accepts(&second));
    let finished = registry.client(&["rotate", "first", "--finish", "--yes"]).await;
    assert!(finished.status.success() && finished.stdout.is_empty(), "{}", stderr(&finished));
    assert!(!accepts("foo") && accepts(&second));
    assert_eq!(registry.text(), pretty(&HAND_WRITTEN.replace(&old, &new)));
    assert_refused(&registry.client(&["rotate", "first", "--finish", "--yes"]).await, "only one secret");
}

/// Each of many commands at the same time has its effect, or fails.
#[tokio::test(flavor = "multi_thread")]
async fn commands_at_the_same_time_lose_nothing() {
    let registry = Registry::of("[]");
    let names: Vec<String> = (0..20).map(|number| format!("client-{number}")).collect();
    let created = join_all(names.iter().map(async |name| registry.client(&["new", name]).await)).await;
    let created: Vec<_> = names.iter().zip(&created).filter(|(_, output)| output.status.success()).collect();
    assert_eq!(created.len(), 20, "nothing else changes the file");
    let rotated = join_all(names.iter().map(async |name| registry.client(&["rotate", name]).await)).await;
    let clients = registry.clients();
    for ((name, first), second) in created.into_iter().zip(&rotated) {
        let client = clients.find(name).unwrap_or_else(|| panic!("{name} is lost"));
        assert!(client.has_secret(&secret(first)) && client.has_secret(&secret(second)), "{name}");
    }
    // The same client: one command creates it, the others are refused.
    let same = join_all((0..8).map(async |_| registry.client(&["new", "same"]).await)).await;
    let codes: Vec<_> = same.iter().map(|output| output.status.code()).collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == Some(2)).count(), 7, "{codes:?}");
    assert_eq!((registry.clients().iter().count(), registry.files()), (21, 1));
}

/// Commands that are killed leave the old registry or the new one, and what they leave behind is removed by the next.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_command_leaves_a_valid_registry_and_no_litter() {
    let registry = Registry::of("[]");
    let path = registry.path().display().to_string();
    for number in 0..40 {
        let name = format!("client-{number}");
        let mut command = TestEnvironment::default().command(&["client", "new", &name, "--in", &path]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(std::time::Duration::from_micros(400 * number)).await;
        child.kill().await.unwrap();
        registry.clients();
    }
    secret(&registry.client(&["new", "last"]).await);
    assert_eq!(registry.files(), 1);
}

#[tokio::test]
async fn a_file_from_windows_keeps_its_line_ends_and_its_byte_order_mark() {
    let windows = format!("\u{feff}{}", pretty(HAND_WRITTEN).replace('\n', "\r\n"));
    let registry = Registry::of(&windows);
    let new = secret(&registry.client(&["rotate", "first"]).await);
    let text = registry.text();
    assert!(text.starts_with("\u{feff}[\r\n  {\r\n") && text.ends_with("\r\n]\r\n"), "{text:?}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert!(text.contains(&sandbox::digest(&new)));
    assert!(registry.client(&["rotate", "first", "--finish", "--yes"]).await.status.success());
    assert_eq!(registry.text(), windows.replace(&sandbox::digest("foo"), &sandbox::digest(&new)));
}

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "no program")]
#[tokio::test]
async fn a_replaced_file_keeps_its_rights_and_its_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let registry = Registry::of("[]");
    std::fs::set_permissions(registry.path(), PermissionsExt::from_mode(0o640)).unwrap();
    let link = registry.folder.path().join("link.json");
    symlink(registry.path(), &link).unwrap();
    secret(&run(&["client", "new", "a", "--in", &link.display().to_string()], &[]).await);
    assert!(link.is_symlink() && registry.text().contains("\"a\""));
    assert_eq!(std::fs::metadata(registry.path()).unwrap().permissions().mode() & 0o777, 0o640);
}

/// Every combination of options is either refused or produces a valid registry.
#[tokio::test(flavor = "multi_thread")]
async fn written_registries_pass_the_check() {
    let mut written = 0;
    for profile in ["standard", "power_automate", "workfront"] {
        for grants in [&[][..], &["--grant-type", "client_credentials"], &["--grant-type", "authorization_code"]] {
            for uris in [&[][..], &["--redirect-uri", URI]] {
                for more in [
                    &[][..],
                    &["--public"],
                    &["--api-key"],
                    &["--subject", "signed_in_user", "--scope", "signature spring_read"],
                ] {
                    let registry = Registry::of(HAND_WRITTEN);
                    let output =
                        registry.client(&[&["new", "c", "--profile", profile], grants, uris, more].concat()).await;
                    if output.status.success() {
                        let checked = run(&["client", "check", &registry.path().display().to_string()], &[]).await;
                        assert!(checked.status.success(), "{}", registry.text());
                        written += 1;
                    } else {
                        assert_eq!((output.status.code(), registry.text().as_str()), (Some(2), HAND_WRITTEN));
                    }
                }
            }
        }
    }
    assert!(written > 20, "{written}");
}

/// A real shell runs the hint, with a stand-in for the Azure CLI that shows the setting it received.
#[cfg(unix)]
#[tokio::test]
async fn the_hint_puts_the_whole_registry_into_one_setting() {
    let registry = Registry::of(HAND_WRITTEN);
    let output = registry.client(&["new", "third"]).await;
    let text = stderr(&output).replace("<group>", "group").replace("<function app>", "app");
    let hint = text.lines().find(|line| line.trim_start().starts_with("az ")).unwrap();
    let script = format!("az() {{ printf %s \"${{@: -1}}\"; }}\n{hint}");
    let shell = tokio::process::Command::new("bash").args(["-c", &script]).output().await.unwrap();
    let setting = String::from_utf8(shell.stdout).unwrap();
    let value = setting.strip_prefix("EVERGRANT_CLIENTS=").unwrap();
    assert!(!value.contains('\n'));
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(json(value), json(&registry.text()));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_secret_that_could_not_be_shown_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = TestEnvironment::default().command(&["client", "new", "c"]);
    let output = command.stdout(full).stderr(std::process::Stdio::piped());
    let output = output.spawn().unwrap().wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("could not be written to stdout"), "{}", stderr(&output));
}

const OWN: &str = "https://global.consent.azure-apim.net/redirect/contoso-5f6a";
const SHARED: &str = "https://global.consent.azure-apim.net/redirect";

/// A client of a platform with changed fields. Without the changes it has no warning.
fn platform(profile: &str, changes: &Value) -> Value {
    let mut client = json!({
        "client_id": "c", "client_secret_sha256": [sandbox::digest("x")], "profile": profile,
        "grant_types": ["authorization_code", "refresh_token"], "redirect_uris": [OWN],
    });
    if profile == "workfront" {
        client["access_token"] = json!("sealed");
    }
    changes.as_object().unwrap().iter().for_each(|(name, value)| client[name] = value.clone());
    client
}

/// A client that has only an API key.
fn keyed(profile: &str, subject: &str) -> Value {
    json!({"client_id": "c", "client_secret_sha256": [], "grant_types": [], "profile": profile, "subject": subject,
           "api_key_sha256": [sandbox::digest("key")]})
}

/// `client` with a rule for the gateway.
fn allowing(mut client: Value) -> Value {
    client["gateway_allow"] = json!(["GET /clm/"]);
    client
}

/// Fails unless the warnings of `client` begin as `expected`.
#[track_caller]
fn assert_warnings(client: &Value, expected: &[&str]) {
    let env = TestEnvironment::default().with("EVERGRANT_CLIENTS", &json!([client]).to_string());
    let clients = Settings::read_clients(&env).unwrap();
    let warnings: Vec<String> = warnings::of(clients.find("c").unwrap()).iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), expected.len(), "{client}: {warnings:?}");
    let begin = warnings.iter().zip(expected).all(|(warning, expected)| warning.starts_with(expected));
    assert!(begin, "{client}: {warnings:?}");
}

#[test]
fn unusual_redirect_uris_are_warned_of() {
    let uris = |profile: &str, uris: &[&str]| platform(profile, &json!({"redirect_uris": uris}));
    let logic_apps = "https://logic-apis-westeurope.consent.azure-apim.net/redirect";
    for (client, expected) in [
        (uris("standard", &[OWN]), &[][..]),
        (uris("power_automate", &[OWN]), &[]),
        (uris("workfront", &[URI]), &[]),
        (uris("standard", &[logic_apps]), &[]),
        (uris("standard", &["https://consent.azure-apim.net.example/redirect"]), &[]),
        (uris("power_automate", &[SHARED]), &["redirect_uris: https://global"]),
        (uris("standard", &[OWN, &format!("{SHARED}?x=1")]), &["redirect_uris: https://global"]),
        (uris("power_automate", &[&format!("{OWN}/")]), &["redirect_uris: redirect URLs of Power Platform"]),
        (uris("standard", &[URI, &format!("{URI}/")]), &["redirect_uris: two of them"]),
        (uris("workfront", &[URI, "https://client.example/two"]), &["redirect_uris: Workfront"]),
    ] {
        assert_warnings(&client, expected);
    }
}

#[test]
fn unusual_grant_types_and_tokens_are_warned_of() {
    let (no_sign_in, no_refresh) = ("grant_types: this platform", "grant_types: without refresh_token");
    for (profile, changes, expected) in [
        ("workfront", json!({"grant_types": ["authorization_code"]}), &[no_refresh][..]),
        ("power_automate", json!({"grant_types": ["client_credentials"]}), &[no_sign_in, no_refresh]),
        ("standard", json!({"grant_types": ["client_credentials"]}), &[]),
        ("power_automate", json!({"secretless_refresh": true}), &["secretless_refresh: anyone"]),
        ("standard", json!({"secretless_refresh": true, "client_secret_sha256": []}), &[]),
        ("workfront", json!({"token_request_in_query": true}), &["token_request_in_query: platforms"]),
        ("workfront", json!({"access_token": "docusign"}), &["access_token: the document routes"]),
    ] {
        assert_warnings(&platform(profile, &changes), expected);
    }
}

#[test]
fn gateway_rules_and_api_keys_that_do_not_fit_are_warned_of() {
    let sealed = platform("standard", &json!({"access_token": "sealed"}));
    let nothing_passes = "gateway_allow: the gateway lets nothing";
    for (client, expected) in [
        (keyed("workfront", "signed_in_user"), &[][..]),
        (keyed("workfront", "integration_user"), &["api_key_sha256: everyone"]),
        (keyed("standard", "integration_user"), &[nothing_passes]),
        (allowing(keyed("standard", "integration_user")), &[]),
        (allowing(keyed("power_automate", "signed_in_user")), &[]),
        (allowing(platform("standard", &json!({}))), &["gateway_allow: the gateway accepts"]),
        (sealed.clone(), &[nothing_passes]),
        (allowing(sealed), &[]),
    ] {
        assert_warnings(&client, expected);
    }
}

#[tokio::test]
async fn a_check_warns_and_succeeds_and_lists_clients_that_name_no_scope() {
    let registry = Registry::of(HAND_WRITTEN);
    let uri = "https://global.consent.azure-apim.net/redirect";
    let new = registry.client(&["new", "pa", "--profile", "power_automate", "--redirect-uri", uri]).await;
    assert!(stderr(&new).contains("warning: redirect_uris"), "{}", stderr(&new));
    let output = run(&["client", "check", &registry.path().display().to_string()], &[]).await;
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines[0], "first: integration_user, client_credentials, 1 secret");
    assert_eq!(lines[1], "second\"&: integration_user, refresh_token, public");
    assert!(lines[3].starts_with("  warning: redirect_uris: "), "{stdout}");
    assert_eq!(lines[4], "The registry is valid; clients: 3, warnings: 1.");
}
