//! Where `./deploy` takes the package from.

use sandbox::process::write_program;

use super::{Subscription, output_text};

/// The script's copy without Rust, a deployment that ends before the package is uploaded, and a `curl` that downloads from a
/// folder: `downloads` has the URLs.
fn without_rust() -> Subscription {
    let mut subscription = Subscription::new();
    subscription.use_copy();
    subscription.fact("group", "westeurope");
    subscription.fact("message", "deployment group create\nfar enough");
    std::fs::create_dir(subscription.path("release")).unwrap();
    std::fs::copy(subscription.path("evergrant.zip"), subscription.path("release/evergrant.zip")).unwrap();
    let sum = "cd release && sha256sum evergrant.zip >evergrant.zip.sha256";
    let facts = subscription.facts.path().display().to_string();
    assert!(std::process::Command::new("sh").current_dir(&facts).args(["-c", sum]).status().unwrap().success());
    subscription
}

impl Subscription {
    /// Replaces curl by one that serves URLs that start with `served` from the folder `release`.
    async fn deploy_release(&self, served: &str, arguments: &[&str]) -> String {
        let facts = self.facts.path().display();
        self.shim(
            "download",
            &format!(
                "for word; do [ \"$before\" != --output ] || file=$word; before=$word; done\necho \"$word\" >>{facts}/downloads\n\
                 case \"$word\" in {served}*) cp {facts}/release/\"${{word##*/}}\" \"$file\" ;; *) echo 404 >&2; exit 22 ;; esac"
            ),
        );
        let parameters = self.path("main.bicepparam");
        let guid = super::GUID;
        let settings = [
            "DOCUSIGN_ENVIRONMENT=demo".to_owned(),
            format!("DOCUSIGN_INTEGRATION_KEY={guid}"),
            format!("DOCUSIGN_USER_ID={guid}"),
        ];
        let script = self.checkout.join("deploy");
        let given = [script.to_str().unwrap(), "-g", "evergrant", "--parameters", parameters.to_str().unwrap()];
        let mut words: Vec<&str> = settings.iter().map(String::as_str).collect();
        words.extend(given);
        words.extend(arguments);
        let curl = self.path("shims/curl");
        // `run` puts its own curl there.
        let link = format!("cp {} {}; exec env \"$@\"", self.path("shims/download").display(), curl.display());
        let output = self.run("sh", &[&["-c", &link, "sh"], &words[..]].concat()).await;
        assert_eq!(output.status.code(), Some(1));
        output_text(&output)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_released_package_is_used_where_rust_is_absent() {
    let version = env!("CARGO_PKG_VERSION");
    for (origin, page) in [
        ("https://github.com/contoso/evergrant.git", "https://github.com/contoso/evergrant"),
        ("https://github.com/contoso/evergrant", "https://github.com/contoso/evergrant"),
        ("https://ada:secret@github.com/contoso/evergrant.git", "https://github.com/contoso/evergrant"),
        ("git@github.com:contoso/evergrant.git", "https://github.com/contoso/evergrant"),
        ("ssh://git@github.contoso.com:22/contoso/evergrant.git", "https://github.contoso.com/contoso/evergrant"),
    ] {
        let subscription = without_rust();
        let git = |words: &[&str]| {
            let mut git = std::process::Command::new("git");
            assert!(git.arg("-C").arg(&subscription.checkout).args(words).status().unwrap().success());
        };
        git(&["init", "--quiet"]);
        git(&["remote", "add", "origin", origin]);
        let text = subscription.deploy_release(page, &[]).await;
        assert!(text.contains("far enough") && !text.contains("secret"), "{origin}: {text}");
        let first = subscription.read("downloads").lines().next().unwrap().to_owned();
        assert_eq!(first, format!("{page}/releases/download/v{version}/evergrant.zip"), "{origin}");
        assert!(subscription.checkout.join("target/package/app/evergrant").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_release_a_package_or_a_build_is_used_if_asked_for_or_if_nothing_else_is_there() {
    let subscription = without_rust();
    let page = "https://releases.contoso.com/evergrant";
    // This version is not released.
    let text = subscription.deploy_release(&format!("{page}/latest/"), &["--releases", page]).await;
    assert!(text.contains("latest/download/evergrant.zip") && text.contains("far enough"), "{text}");
    // The last download is still there.
    let text = subscription.deploy_release("https://nowhere", &["--releases", page]).await;
    assert!(text.contains("built earlier") && text.contains("far enough"), "{text}");
    std::fs::remove_dir_all(subscription.checkout.join("target")).unwrap();
    let text = subscription.deploy_release("https://nowhere", &["--releases", page]).await;
    assert!(text.contains("Rust is not installed") && text.contains("--package evergrant.zip"), "{text}");
    // A damaged download is not deployed.
    std::fs::write(subscription.path("release/evergrant.zip"), "PK").unwrap();
    let text = subscription.deploy_release(page, &["--releases", page]).await;
    assert!(text.contains("does not have its checksum") && !text.contains("far enough"), "{text}");
    // With Rust, or on request, the package is built.
    write_program(&subscription.checkout.join("package"), "echo built here\nexit 1");
    assert!(subscription.deploy_release(page, &["--build"]).await.contains("built here"));
    subscription.shim("cargo", "");
    assert!(subscription.deploy_release(page, &[]).await.contains("built here"));
}
