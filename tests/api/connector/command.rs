//! The command: the files it writes, the files it keeps, and its messages.

use std::fs;

use readers::generated::assert_written;
use serde_json::json;

use super::{COMMITTED_URL, FILES, UPDATE, VARIANTS, connector, files, read, uses_gateway, write};
use crate::support::{root, run};

/// Committed copies of files that the command writes.
#[tokio::test(flavor = "multi_thread")]
async fn the_committed_connectors_match_the_commands_output() {
    let committed = root().join("connectors");
    let mut names: Vec<_> =
        fs::read_dir(committed.join("power-automate")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, FILES);
    for (variant, folder, names) in
        [(VARIANTS[0], "power-automate", &FILES[..]), (VARIANTS[2], "power-automate-api-key", &["README.md"])]
    {
        for name in names {
            let written = &files(variant).await[*name];
            match str::from_utf8(written) {
                Ok(text) => assert_written(&format!("connectors/{folder}/{name}"), text, UPDATE),
                Err(_) => assert!(fs::read(committed.join(folder).join(name)).unwrap() == *written, "{folder}/{name}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn url_client_and_content_host_are_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    let client = r#"it's-a\"client"#;
    let arguments = ["--public-url", "https://auth.example/", "--client-id", client, "--content-on-api-host"];
    assert!(write(folder.path(), &arguments).await.status.success());
    let (definition, properties) = read(folder.path());
    let security = &definition["securityDefinitions"]["oauth2"];
    assert_eq!(security["authorizationUrl"], "https://auth.example/oauth/authorize");
    assert_eq!(security["tokenUrl"], "https://auth.example/oauth/token");
    let settings = &properties["properties"]["connectionParameters"]["token"]["oAuthSettings"];
    assert_eq!(settings["clientId"], client);
    let custom = &settings["customParameters"];
    assert_eq!(custom["authorizationUrlTemplate"]["value"], "https://auth.example/oauth/authorize");
    for name in ["tokenUrlTemplate", "refreshUrlTemplate"] {
        assert_eq!(custom[name]["value"], "https://auth.example/oauth/token");
    }
    let text = properties.to_string();
    assert!(!text.contains("apiupload") && !text.contains("apidownload"), "{text}");
    let readme = fs::read_to_string(folder.path().join("README.md")).unwrap();
    assert!(readme.contains("https://auth.example") && readme.contains(&format!("`{client}`")));
    assert!(readme.contains("evergrant client new") && !readme.contains("power-automate --profile"), "{readme}");
    assert!(FILES.iter().all(|name| !fs::read(folder.path().join(name)).unwrap().windows(7).any(|w| w == b"contoso")));
}

/// A connector through the gateway has the actions of the direct one, below the gateway's path, and more.
#[tokio::test(flavor = "multi_thread")]
async fn the_connectors_through_the_gateway_have_all_actions_of_the_direct_one() {
    for variant in VARIANTS.into_iter().filter(|variant| uses_gateway(variant)) {
        let (direct, _) = connector(VARIANTS.into_iter().find(|direct| variant.starts_with(direct)).unwrap()).await;
        let (definition, properties) = connector(variant).await;
        let prefix = if variant.contains("clm") { "/gateway/clm" } else { "/gateway/esign/v2.1/accounts/default" };
        for (path, item) in direct["paths"].as_object().unwrap() {
            assert_eq!(definition["paths"][format!("{prefix}{path}")], *item, "{variant} {path}");
        }
        for part in ["parameters", "definitions"] {
            for (name, value) in direct[part].as_object().unwrap() {
                assert_eq!(definition[part][name], *value, "{variant} {name}");
            }
        }
        for part in ["info", "x-ms-capabilities", "x-ms-connector-metadata", "consumes", "produces"] {
            assert_eq!(definition[part], direct[part], "{variant} {part}");
        }
        assert_eq!(
            (&definition["host"], &definition["basePath"]),
            (&json!("contoso-evergrant.azurewebsites.net"), &json!("/"))
        );
        let text = properties.to_string();
        assert!(
            !text.contains("dynamichosturl") && !text.contains("token:"),
            "the gateway finds DocuSign's hosts and the account"
        );
        let readme = String::from_utf8_lossy(&files(variant).await["README.md"]);
        assert!(readme.contains(COMMITTED_URL) && readme.contains("gateway_allow"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn existing_files_are_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("deep/below");
    assert!(write(&place, &["--public-url", COMMITTED_URL]).await.status.success());
    // Running it again changes nothing and is not an error.
    let again = write(&place, &["--public-url", COMMITTED_URL]).await;
    assert!(again.status.success() && again.stdout.is_empty(), "{again:?}");
    fs::write(place.join("README.md"), "mine").unwrap();
    fs::write(place.join("settings.json"), r#"{"connectorId":"shared_clm"}"#).unwrap();
    fs::remove_file(place.join("icon.png")).unwrap();
    let refused = write(&place, &["--public-url", "https://other.example"]).await;
    let printed = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    for word in ["README.md", "apiProperties.json", "settings.json", "--force"] {
        assert!(printed.contains(word), "{printed}");
    }
    assert!(!place.join("icon.png").exists(), "nothing at all is written");
    assert_eq!(fs::read_to_string(place.join("README.md")).unwrap(), "mine");
    assert!(write(&place, &["--public-url", "https://other.example", "--force"]).await.status.success());
    assert!(fs::read_to_string(place.join("README.md")).unwrap().contains("https://other.example"));
    assert!(fs::read_to_string(place.join("settings.json")).unwrap().contains("shared_clm"), "it names the connector");
    // There is a file in place of the folder.
    let failed = write(&place.join("README.md"), &["--public-url", COMMITTED_URL]).await;
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_url_comes_from_the_setting_or_the_option() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    let command = ["connector", "power-automate", "--out", &out];
    let missing = run(&command, &[]).await;
    let printed = String::from_utf8(missing.stderr).unwrap();
    assert_eq!(missing.status.code(), Some(2));
    assert!(printed.contains("EVERGRANT_PUBLIC_URL is missing"), "{printed}");
    let wrong = write(folder.path(), &["--public-url", "https://auth.example/path"]).await;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("without a path"));
    for contradiction in [
        "--api-key --client-id x",
        "--api-key --through-gateway",
        "--through-gateway --content-on-api-host",
        "--api esignature --content-on-api-host",
        "--api navigator",
    ] {
        let options: Vec<_> = ["--public-url", COMMITTED_URL].into_iter().chain(contradiction.split(' ')).collect();
        assert_eq!(write(folder.path(), &options).await.status.code(), Some(2), "{contradiction}");
    }
    let set = [("EVERGRANT_PUBLIC_URL", "http://127.0.0.1:7071")];
    let output = run(&command, &set).await;
    assert!(output.status.success(), "no other setting is required: {output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("calls from the internet"));
}

/// What a link leads to is not the connector's.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_symbolic_link_is_replaced_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (out, elsewhere) = (folder.path().join("connector"), folder.path().join("elsewhere"));
    fs::create_dir(&out).unwrap();
    fs::write(&elsewhere, "mine").unwrap();
    std::os::unix::fs::symlink(&elsewhere, out.join("README.md")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("nowhere"), out.join("icon.png")).unwrap();
    assert_eq!(write(&out, &["--public-url", COMMITTED_URL]).await.status.code(), Some(2));
    assert!(write(&out, &["--public-url", COMMITTED_URL, "--force"]).await.status.success());
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine");
    assert!(!folder.path().join("nowhere").exists());
    let mut names: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, FILES, "no draft is left behind");
    assert!(FILES.iter().all(|name| out.join(name).symlink_metadata().unwrap().is_file()));
}
