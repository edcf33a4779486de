//! Wrong usage exits with 2, says on standard error what is wrong, and does nothing.

use futures_util::future::join_all;

use super::{stderr, stdout};
use crate::config::good;
use crate::support::{TestEnvironment, run};

const GUID: &str = "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e";

/// Commands that lack something, and a word of the message.
const MISSING: [(&[&str], &str); 23] = [
    (&["status"], "--app"),
    (&["status", "--app", "a"], "--resource-group"),
    (&["status", "--resource-group", "a"], "--app"),
    (&["status", "--app"], "--app"),
    (&["init"], "--local"),
    (&["revoke"], "--grant"),
    (&["revoke", "--client"], "--client"),
    (&["completions"], "<SHELL>"),
    (&["client"], "Usage"),
    (&["config"], "Usage"),
    (&["connector"], "Usage"),
    (&["solution"], "Usage"),
    (&["client", "show", "--in", "x.json"], "<ID>|<CLIENT_ID>"),
    (&["client", "new", "--in", "x.json"], "<CLIENT_ID>"),
    (&["client", "add-redirect-uri", "a", "--in", "x.json"], "<URI>"),
    (&["client", "add-redirect-uri", "a", "https://client.example/"], "--in"),
    (&["client", "remove-redirect-uri", "a"], "<URI>"),
    (&["client", "set", "a", "scope", "--in", "x.json"], "<VALUE>"),
    (&["client", "set", "a", "--in", "x.json"], "<FIELD>"),
    (&["client", "rotate", "a"], "--in"),
    (&["client", "remove", "a"], "--in"),
    (&["client", "remove", "--in", "x.json"], "<ID>"),
    (&["serve", "--port"], "--port"),
];

/// Commands with something wrong, and a word of the message.
const WRONG: [(&[&str], &str); 38] = [
    (&["no-such-command"], "no-such-command"),
    (&["docter"], "doctor"),
    (&["clients"], "client"),
    (&["client", "ad-redirect-uri"], "add-redirect-uri"),
    (&["doctor", "--jsn"], "--json"),
    (&["doctor", "extra"], "extra"),
    (&["doctor", "--json", "--json"], "--json"),
    (&["doctor", "--json=true"], "--json"),
    (&["doctor", "--routes", "contoso.example"], "https://"),
    (&["doctor", "--routes", "https://contoso.example/path"], "path"),
    (&["doctor", "--routes", "http://contoso.example"], "http://"),
    (&["doctor", "--routes", "https://contoso.example", "--assertion", "x"], "cannot be used with"),
    (&["token", "--show", "me"], "me"),
    (&["public-key", "--json"], "--json"),
    (&["consent-url", "--app", "x"], "--app"),
    (&["serve", "--port", "0x50"], "--port"),
    (&["serve", "--port", "65536"], "65536"),
    (&["serve", "--port", "-1"], "-1"),
    (&["--port", "http"], "http"),
    (&["init", "--local", "--environment", "prod"], "production"),
    (&["init", "--local", "--integration-key", "x"], "GUID"),
    (&["init", "--local", "--user-id", "ada@contoso.com"], "e-mail"),
    (&["revoke", "--grant", "a", "--client", "b"], "cannot be used with"),
    (&["completions", "cmd"], "bash"),
    (&["man", "nothing"], "no such command"),
    (&["config", "schem"], "schema"),
    (&["connector", "power-automat"], "power-automate"),
    (&["connector", "power-automate", "--api", "rooms"], "esignature"),
    (&["connector", "power-automate", "--client-id", "a b"], "space"),
    (&["connector", "power-automate", "--public-url", "https://x.example/y"], "path"),
    (&["connector", "power-automate", "--through-gateway", "--api-key"], "cannot be used with"),
    (&["solution", "power-automate", "--client-id", "a:b"], "colon"),
    (&["client", "check", "a.json", "--in", "b.json"], "cannot be used with"),
    (&["client", "list", "--in", "https://contoso.blob.core.windows.net/a"], "no blob"),
    (&["client", "show", "a", "b"], "b"),
    (&["client", "rotate", "a", "--in", "x.json", "--finish", "--finish"], "--finish"),
    (&["client", "new", "a b"], "space"),
    (&["client", "new", "a", "--scope", "signature,extended"], "between scopes"),
];

/// Whether the message has one of the words, which are separated by `|`.
fn has_one_of(text: &str, words: &str) -> bool {
    words.split('|').any(|word| text.contains(word))
}

async fn assert_usage_errors(cases: &[(&[&str], &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let run = async |arguments: &[&str]| {
        TestEnvironment::default().command(arguments).current_dir(&folder).output().await.unwrap()
    };
    for some in cases.chunks(8) {
        let outputs = join_all(some.iter().map(|(arguments, _)| run(arguments))).await;
        for ((arguments, words), output) in some.iter().zip(outputs) {
            let text = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
            assert!(output.stdout.is_empty(), "{arguments:?}: {}", stdout(&output));
            assert!(has_one_of(&text, words), "{arguments:?} without {words}: {text}");
            assert!(!text.contains('\u{1b}') && !text.contains("panicked"), "{arguments:?}: {text}");
        }
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_lacks_something_names_it() {
    assert_usage_errors(&MISSING).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_argument_is_named_with_what_is_accepted() {
    assert_usage_errors(&WRONG).await;
}

/// An argument may be a secret that was pasted in the wrong place, and a terminal's history is bad enough.
#[tokio::test(flavor = "multi_thread")]
async fn settings_are_not_read_before_the_usage_is_right() {
    let secrets =
        [("EVERGRANT_CLIENTS", "hunter2"), ("DOCUSIGN_SECRET_KEY", "hunter2"), ("EVERGRANT_STORE", "hunter2")];
    for arguments in [
        &["token", "--nothing"][..],
        &["doctor", "--nothing"],
        &["revoke"],
        &["client", "list", "extra"],
        &["--help"],
        &["--version"],
    ] {
        let output = run(arguments, &secrets).await;
        let text = format!("{}{}", stdout(&output), stderr(&output));
        assert!(!text.contains("hunter2") && !text.contains("EVERGRANT_STORE is invalid"), "{arguments:?}: {text}");
    }
}

/// Commands that need settings, and those that need none.
#[tokio::test(flavor = "multi_thread")]
async fn without_settings_a_command_exits_with_2_or_needs_none() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code) in [
        (&["token"][..], 2),
        (&["token", "--show"], 2),
        (&["doctor"], 2),
        (&["doctor", "--json"], 2),
        (&["consent-url"], 2),
        (&["public-key"], 2),
        (&["serve"], 2),
        (&[], 2),
        (&["revoke", "--client", "a"], 2),
        (&["client", "list"], 2),
        (&["client", "show", "a"], 2),
        (&["client", "check"], 2),
        (&["connector", "power-automate", "--out", "c"], 2),
        (&["solution", "power-automate", "--out", "s"], 2),
        (&["connector", "power-automate", "--out", "c", "--public-url", "https://x.example"], 0),
        (&["client", "new", "a"], 0),
        (&["config", "schema"], 0),
        (&["man"], 0),
        (&["completions", "zsh"], 0),
    ] {
        let output = TestEnvironment::default().command(arguments).current_dir(&folder).output().await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(!stderr(&output).is_empty() || !output.stdout.is_empty(), "{arguments:?}");
        assert!(!stderr(&output).contains('\u{1b}') && !stdout(&output).contains('\u{1b}'), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn options_of_init_have_the_format_of_their_settings() {
    let folder = tempfile::tempdir().unwrap();
    for (option, value, reason) in [
        ("--integration-key", "{1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e}", "it has brackets around it"),
        ("--integration-key", "1b2c3d4e0000400080005f6a7b8c9d0e", "it has no hyphens"),
        ("--user-id", "12345678", "it is a plain number"),
        ("--user-id", "https://contoso.example", "it is a URL"),
        ("--user-id", "1b2c3d4e-0000-4000-8000-5f6a7b8c9d0", "8-4-4-4-11"),
        ("--environment", "DEMO", "demo"),
    ] {
        let arguments = ["init", "--local", "--integration-key", GUID, "--user-id", GUID, option, value];
        let arguments: Vec<&str> =
            if option == "--environment" { arguments.to_vec() } else { vec!["init", "--local", option, value] };
        let output = TestEnvironment::default().command(&arguments).current_dir(&folder).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(reason), "{arguments:?}: {}", stderr(&output));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_can_be_revoked_is_revoked() {
    let shared = good().with("EVERGRANT_STORE", "https://contoso.blob.core.windows.net/evergrant");
    let id = "AAAAAAAAAAAAAAAAAAAAA";
    for (environment, arguments, words) in [
        (&good(), &["--grant", &format!("{id}A")][..], "EVERGRANT_STORE is memory"),
        (&good(), &["--client", "a"], "EVERGRANT_STORE is memory"),
        (&shared, &["--grant", id], "this is no grant_id"),
        (&shared, &["--grant", &format!("{id}AA")], "this is no grant_id"),
        (&shared, &["--grant", &format!("{id}+")], "this is no grant_id"),
        (&shared, &["--grant", &format!("{id}é")], "this is no grant_id"),
        (&shared, &["--grant", ""], "this is no grant_id"),
        (&shared, &["--client", "a"], "no client in EVERGRANT_CLIENTS has this client_id"),
    ] {
        let output = run(&[&["revoke"], arguments].concat(), environment).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words) && output.stdout.is_empty(), "{arguments:?}: {}", stderr(&output));
    }
}
