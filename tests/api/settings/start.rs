//! What a process finds out about its surroundings: whether it is in Azure, what started it, and how much memory the host has.

use evergrant::config::error::SettingError;
use evergrant::config::{HostMemory, Settings};
use tracing::Level;

use super::{KEY, errors};
use crate::config::good;
use crate::support::TestEnvironment;

#[test]
fn azure_is_recognized_by_either_of_its_variables() {
    for (name, value, in_azure) in [
        ("WEBSITE_INSTANCE_ID", "0a1b", true),
        ("CONTAINER_NAME", "x", true),
        ("WEBSITE_INSTANCE_ID", " ", false),
        ("WEBSITE_SITE_NAME", "x", false),
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:1", false),
    ] {
        let env = good().with(name, value);
        assert_eq!(Settings::is_in_azure(&env), in_azure, "{name}={value:?}");
        let azure = Settings::read(&env).unwrap().azure;
        assert_eq!(azure.in_azure, in_azure);
        assert_eq!(azure.managed_identity, in_azure || name == "IDENTITY_ENDPOINT");
    }
}

#[test]
fn a_functions_host_is_recognized_by_its_worker_id() {
    assert!(!Settings::has_host(&good()));
    assert!(!Settings::has_host(&good().with("FUNCTIONS_CUSTOMHANDLER_PORT", "7071")));
    assert!(!Settings::has_host(&good().with("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "\t")));
    assert!(Settings::has_host(&good().with("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "0a1b")));
}

#[test]
fn the_memory_of_a_host_is_known_only_where_there_is_one() {
    let limit = |bytes| Some(HostMemory { instance_mib: 2048, body_limit: bytes });
    let default = limit(104_857_600);
    for (settings, expected) in [
        (&[("FUNCTIONS_CUSTOMHANDLER_PORT", "7071")][..], default),
        (&[("WEBSITE_INSTANCE_ID", "x")], default),
        (&[("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "1048576")], limit(1_048_576)),
        // The limit is the host's own setting: a wrong one is its default, and no error.
        (&[("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "0")], default),
        (&[("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "-1")], default),
        (&[("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "1 MB")], default),
        (&[("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "18446744073709551616")], default),
        (&[], None),
    ] {
        let env = good().with("EVERGRANT_INSTANCE_MEMORY_MB", "2048").with_all(settings);
        assert_eq!(Settings::read(&env).unwrap().host_memory, expected, "{settings:?}");
        assert_eq!(Settings::read(&env.without("EVERGRANT_INSTANCE_MEMORY_MB")).unwrap().host_memory, None);
    }
}

#[test]
fn numbers_have_their_limits() {
    for (name, value, reason) in [
        ("EVERGRANT_INSTANCE_MEMORY_MB", "127", "it is below 128"),
        ("EVERGRANT_INSTANCE_MEMORY_MB", "128", ""),
        ("EVERGRANT_INSTANCE_MEMORY_MB", "1048576", ""),
        ("EVERGRANT_INSTANCE_MEMORY_MB", "1048577", "it is above 1048576"),
        ("EVERGRANT_INSTANCE_MEMORY_MB", "2 GB", "it is not a whole number"),
        ("EVERGRANT_INSTANCE_MEMORY_MB", "2048.0", "it is not a whole number"),
        ("EVERGRANT_INSTANCE_MEMORY_MB", "99999999999999999999", "it is not a whole number"),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "0", "it is 0"),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "1", ""),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "65535", ""),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "65536", "it is above 65535"),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "-1", "it is not a whole number"),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "0x1b9f", "it is not a whole number"),
    ] {
        let found: Vec<String> = errors(&good().with(name, value)).errors.iter().map(SettingError::message).collect();
        let expected: Vec<String> =
            (!reason.is_empty()).then(|| format!("{name} is invalid: {reason}")).into_iter().collect();
        assert_eq!(found, expected, "{value}");
    }
}

#[test]
fn levels_are_for_everything_or_for_parts() {
    let log = |value: &str| Settings::read(&good().with("EVERGRANT_LOG", value)).map(|settings| settings.log);
    let writes = |value: &str, target: &str, level: Level| log(value).unwrap().would_enable(target, &level);
    for (value, target, level, written) in [
        ("info", "evergrant::answers", Level::INFO, true),
        ("info", "evergrant::answers", Level::DEBUG, false),
        ("WARN", "evergrant::answers", Level::INFO, false),
        ("off", "evergrant::answers", Level::ERROR, false),
        ("warn,evergrant::docusign=trace", "evergrant::docusign::tokens", Level::TRACE, true),
        ("warn, evergrant::docusign=trace", "evergrant::answers", Level::INFO, false),
        ("evergrant=debug", "evergrant::store", Level::DEBUG, true),
        ("evergrant=debug", "other", Level::ERROR, false),
    ] {
        assert_eq!(writes(value, target, level), written, "{value}: {target} {level}");
    }
    for (value, reason) in [
        ("inf", "it names an unknown level (did you mean info?)"),
        ("debg,warn", "it names an unknown level (did you mean debug?)"),
        ("evergrant=wran", "it does not name a level"),
        ("evergrant", "it does not name a level"),
        ("warn,", "it does not name a level"),
        ("evergrant=", "it does not name a level"),
    ] {
        let error = log(value).unwrap_err().to_string();
        assert!(error.starts_with(&format!("EVERGRANT_LOG is invalid: {reason}; ")), "{value}: {error}");
    }
}

#[test]
fn a_process_with_wrong_settings_still_knows_its_port_and_its_levels() {
    let env = TestEnvironment::default().with("FUNCTIONS_CUSTOMHANDLER_PORT", "7071").with("EVERGRANT_LOG", "debug");
    let start = Settings::read_start(&env.clone().with("EVERGRANT_STORE", "x")).unwrap();
    assert_eq!(start.host_port, Some(7071));
    assert!(start.log.would_enable("evergrant", &Level::DEBUG));
    let start = Settings::read_start(&env.clone().with("EVERGRANT_LOG", "x")).unwrap();
    assert!(start.log.would_enable("evergrant", &Level::INFO) && !start.log.would_enable("evergrant", &Level::DEBUG));
    let wrong = Settings::read_start(&env.with("FUNCTIONS_CUSTOMHANDLER_PORT", "x")).unwrap_err();
    assert!(matches!(wrong.errors[..], [ref error] if error.setting == "FUNCTIONS_CUSTOMHANDLER_PORT"));
}

#[test]
fn commands_that_need_few_settings_read_only_those() {
    let keys =
        TestEnvironment::default().with("EVERGRANT_SIGNING_KEY_ID", KEY).with("EVERGRANT_SIGNING_KEY_ID_NEXT", KEY);
    let (read, azure) = Settings::read_signing_keys(&keys).unwrap();
    assert!(read.next.is_some() && !azure.in_azure);
    assert!(Settings::read_signing_keys(&keys.without("EVERGRANT_SIGNING_KEY_ID")).is_err());
    let url = TestEnvironment::default()
        .with("EVERGRANT_PUBLIC_URL", "https://evergrant.example/")
        .with("EVERGRANT_CLIENTS", "x");
    assert_eq!(Settings::read_public_url(&url).unwrap().as_str(), "https://evergrant.example");
    assert!(Settings::read_public_url(&url.without("EVERGRANT_PUBLIC_URL")).is_err());
    let clients = TestEnvironment::default().with("EVERGRANT_CLIENTS", "[]").with("DOCUSIGN_USER_ID", "x");
    assert!(Settings::read_clients(&clients).is_ok());
    assert!(
        Settings::read_clients(&clients.with("EVERGRANT_CLIENTS", "https://contoso.blob.core.windows.net/a/b"))
            .is_err()
    );
}

#[test]
fn docusigns_hosts_follow_the_environment_and_a_host_of_the_other_one_is_refused() {
    let read = |environment: &str, name: &str, value: &str| {
        Settings::read(&good().with("DOCUSIGN_ENVIRONMENT", environment).with(name, value))
    };
    for (environment, oauth, clm) in [
        ("demo", "https://account-d.docusign.com", "https://authuat.springcm.com"),
        ("production", "https://account.docusign.com", "https://auth.springcm.com"),
    ] {
        let docusign = read(environment, "EVERGRANT_STORE", "memory").unwrap().docusign;
        assert_eq!((docusign.oauth_url.as_str(), docusign.clm_url.as_str()), (oauth, clm));
        assert!(docusign.trusted_hosts.is_empty(), "only hosts in settings are trusted in addition");
        let other = if environment == "demo" { "production" } else { "demo" };
        for (name, value) in [("DOCUSIGN_OAUTH_URL", oauth), ("DOCUSIGN_CLM_URL", clm)] {
            assert!(read(environment, name, value).is_ok());
            let error = read(other, name, &format!("{value}/")).unwrap_err().to_string();
            assert!(
                error.contains(&format!("which belongs to {environment}, but DOCUSIGN_ENVIRONMENT is {other}")),
                "{error}"
            );
        }
    }
    let proxied = read("demo", "DOCUSIGN_OAUTH_URL", "https://proxy.contoso.example:8443").unwrap().docusign;
    assert_eq!(proxied.trusted_hosts, ["proxy.contoso.example"]);
}

#[test]
fn guids_are_in_lower_case_and_lists_may_be_separated_in_any_way() {
    let upper = super::GUID.to_uppercase();
    let env = good().with("DOCUSIGN_USER_ID", &upper).with("DOCUSIGN_INTEGRATION_KEY", &upper);
    let docusign = Settings::read(&env).unwrap().docusign;
    assert_eq!((docusign.user_id.as_str(), docusign.integration_key.as_str()), (super::GUID, super::GUID));
    for separator in [",", " ", ", ", ",,", "\n", "\t,\r\n "] {
        let list = [super::GUID, &upper, super::GUID].join(separator);
        assert_eq!(
            Settings::read(&good().with("DOCUSIGN_ADMINS", &list)).unwrap().docusign.admins.len(),
            3,
            "{separator:?}"
        );
        let keys = [KEY, KEY].join(separator);
        let previous =
            Settings::read(&good().with("EVERGRANT_SEALING_KEY_ID_PREVIOUS", &keys)).unwrap().sealing_keys.previous;
        assert_eq!(previous.len(), 2, "{separator:?}");
    }
}
