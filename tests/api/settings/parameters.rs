//! The scopes that a registry is checked against before it is deployed: from the setting, or from a parameter file.

use evergrant::config::installation::{InstallationScopes, ScopeSource};
use evergrant::config::{RegistrySource, Settings};
use proptest::prelude::*;

use crate::config::DIGEST;
use crate::support::TestEnvironment;

const FILE: &str = "registry/main.bicepparam";

/// Whether a client with this scope is accepted, with this parameter file next to its registry.
fn accepts(env: TestEnvironment, parameters: &str, scope: &str) -> bool {
    let env = env.with_file(FILE, parameters);
    let scopes = InstallationScopes::find(&env, Some("registry/clients.json"), None);
    let text = format!(
        r#"[{{"client_id": "a", "client_secret_sha256": ["{DIGEST}"], "grant_types": ["client_credentials"], "scope": "{scope}"}}]"#
    );
    Settings::read_registry(&env, RegistrySource::Text { name: "clients.json", text: &text }, &scopes).is_ok()
}

/// Where the scopes are found, with this parameter file next to the registry.
fn source(env: TestEnvironment, parameters: &str) -> ScopeSource {
    InstallationScopes::find(&env.with_file(FILE, parameters), Some("registry/clients.json"), None).source
}

#[test]
fn strings_of_bicep_are_read_with_their_escapes() {
    let none = TestEnvironment::default;
    for (text, scope) in [
        (r"param docusignScopes = 'a\'b'", "a'b"),
        (r"param docusignScopes = 'a\$b'", "a$b"),
        (r"param docusignScopes = 'a\nb'", "b"),
        (r"param docusignScopes = 'a\tb'", "b"),
        (r"param docusignScopes = 'a$b'", "a$b"),
        ("param docusignScopes = 'click.manage'", "click.manage"),
        ("param docusignScopes = '''click.manage'''", "click.manage"),
        ("param docusignScopes = '''\nclick.manage\n'''", "click.manage"),
        ("param docusignScopes = '''\r\nclick.manage'''", "click.manage"),
        ("var a = 'click.manage'\nvar b = a\nvar c = b\nparam docusignScopes = c", "click.manage"),
        ("@description('x')\nparam docusignScopes = 'click.manage'", "click.manage"),
        ("param other = {\n  a: 'b'\n}\nparam docusignScopes = 'click.manage'", "click.manage"),
    ] {
        assert_eq!(source(none(), text), ScopeSource::Parameters(FILE.to_owned()), "{text}");
        assert!(accepts(none(), text, scope) && !accepts(none(), text, "zzz"), "{text}");
    }
}

#[test]
fn what_only_bicep_can_compute_is_not_guessed() {
    for text in [
        r"param docusignScopes = 'a\u{20}b'",
        r"param docusignScopes = 'a\",
        "param docusignScopes = 'a",
        "param docusignScopes = '''a",
        "param docusignScopes = concat('a', 'b')",
        "param docusignScopes = join(['a'], ' ')",
        "param docusignScopes = 'a' + 'b'",
        "param docusignScopes = other",
        "param docusignScopes = readEnvironmentVariable(name)",
        "param docusignScopes = readEnvironmentVariable()",
        "param docusignScopes = readEnvironmentVariable",
        "param docusignScopes",
        "param docusignScopes =",
        "paramdocusignScopes = 'a'",
        "/* param docusignScopes = 'a'",
        "x param docusignScopes = 'a'",
        "{\"parameters\": {\"docusignScopes\": {\"value\": [\"a\"]}}}",
        "{\"parameters\": {\"docusignScopes\": \"a\"}}",
        "{\"parameters\"",
    ] {
        let found = source(TestEnvironment::default(), text);
        // An unclosed block is read to its end, which Bicep refuses anyway.
        let is_block = text.contains("'''");
        assert_eq!(found == ScopeSource::Default, !is_block, "{text}: {found:?}");
    }
}

#[test]
fn the_setting_comes_before_a_neighbor_and_a_named_file_before_the_setting() {
    let setting = TestEnvironment::default().with("DOCUSIGN_SCOPES", "a");
    let env =
        setting.clone().with_file(FILE, "param docusignScopes = 'b'").with_file("other", "param docusignScopes = 'c'");
    let find =
        |env: &TestEnvironment, named| InstallationScopes::find(env, Some("registry/clients.json"), named).source;
    assert_eq!(find(&env, None), ScopeSource::Setting);
    assert_eq!(find(&env, Some("other")), ScopeSource::Parameters("other".to_owned()));
    let blank = env.clone().with("DOCUSIGN_SCOPES", "  ");
    assert_eq!(find(&blank, None), ScopeSource::Parameters(FILE.to_owned()));
    assert_eq!(find(&setting, None), ScopeSource::Setting);
    assert_eq!(InstallationScopes::find(&blank, None, None).source, ScopeSource::Default);
    // Bicep's own file comes before the one of ARM.
    let arm = r#"{"parameters": {"docusignScopes": {"value": "d"}}}"#;
    let both = blank.with_file("registry/main.parameters.json", arm);
    assert_eq!(find(&both, None), ScopeSource::Parameters(FILE.to_owned()));
    let only_arm = TestEnvironment::default().with_file("registry/main.parameters.json", arm);
    assert_eq!(find(&only_arm, None), ScopeSource::Parameters("registry/main.parameters.json".to_owned()));
    for (source, words) in [(ScopeSource::Setting, "DOCUSIGN_SCOPES."), (ScopeSource::Default, "--parameters")] {
        assert!(source.sentence().contains(words));
    }
}

#[test]
fn wrong_scopes_of_a_parameter_file_are_an_error_that_names_it() {
    let env = TestEnvironment::default().with_file(FILE, "param docusignScopes = 'Signature'");
    let scopes = InstallationScopes::find(&env, Some("registry/clients.json"), None);
    let errors = Settings::read_registry(&env, RegistrySource::Text { name: "x", text: "[]" }, &scopes).unwrap_err();
    let text = errors.to_string();
    assert!(text.starts_with(&format!("docusignScopes in {FILE} is invalid: it has capital letters")), "{text}");
    // A blank value is the template's default.
    assert!(accepts(TestEnvironment::default(), "param docusignScopes = ''", "signature"));
}

#[test]
fn an_editor_is_not_held_to_a_default_that_the_app_may_not_have() {
    let text = format!(
        r#"[{{"client_id": "a", "client_secret_sha256": ["{DIGEST}"], "grant_types": ["client_credentials"], "scope": "click.manage"}}]"#
    );
    let registry = RegistrySource::Text { name: "x", text: &text };
    let none = TestEnvironment::default();
    let find = |env: &TestEnvironment| InstallationScopes::find(env, None, None);
    assert!(Settings::read_registry(&none, registry, &find(&none)).is_err());
    assert!(Settings::read_registry(&none, registry, &find(&none).for_editing()).is_ok());
    let set = none.with("DOCUSIGN_SCOPES", "signature");
    assert!(Settings::read_registry(&set, registry, &find(&set).for_editing()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn scopes_are_found_between_any_other_parameters(
        scope in "[a-z_.]{1,12}", before in proptest::collection::vec("[a-zA-Z]{1,9}", 0..3), value in "[ -&(-\\[\\]-~]{0,12}",
        line_end in "\r?\n", indent in "[ \t]{0,3}",
    ) {
        let line = |name: &String| format!("param x{name} = '{}'{line_end}", value.replace("${", "$"));
        let others = before.iter().map(line).collect::<Vec<_>>().concat();
        let text = format!("using 'main.bicep'{line_end}{others}{indent}param docusignScopes = '{scope}'{line_end}");
        prop_assert!(accepts(TestEnvironment::default(), &text, &scope), "{}", text);
    }

    #[test]
    fn no_parameter_file_panics(text in "\\PC{0,60}|(param docusignScopes = |'|'''|//|/\\*|\\*/|\\$\\{|\\\\|\n|\\(|,|a){0,14}") {
        source(TestEnvironment::default(), &text);
    }
}
