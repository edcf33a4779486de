//! The Bicep files: what they promise, and that the tools that can be had find nothing in them.

mod template;
mod tools;

use std::collections::BTreeSet;

use crate::support::root;
use template::{Template, templates};

/// Built-in roles by their GUIDs (Microsoft Learn, "Azure built-in roles").
const CRYPTO_USER: &str = "12338af0-0e69-4776-bea7-57ae8d297424";
const SECRETS_USER: &str = "4633458b-17de-408a-b874-0445c86b69e6";
const BLOB_DATA_OWNER: &str = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b";
const BLOB_DATA_CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const METRICS_PUBLISHER: &str = "3913510d-42f4-4e42-8a64-420c390055eb";

fn read(path: &str) -> Template {
    Template::read(&root().join("infra").join(path))
}

#[test]
fn every_role_ends_at_the_key_container_or_component_it_is_for() {
    let mut roles = Vec::new();
    for template in templates() {
        for block in template.resources("Microsoft.Authorization/roleAssignments") {
            roles.push((
                block.name.clone(),
                block.property("scope").to_owned(),
                block.property("roleDefinitionId").to_owned(),
            ));
            assert_eq!(block.property("principalType"), "'ServicePrincipal'", "{}", block.name);
            assert!(!block.property("description").is_empty(), "{} says why", block.name);
        }
    }
    roles.sort();
    let expected = [
        ("accountReader", "account", "reader"),
        ("accountRole", "account", "blobDataOwner"),
        ("containerRole", "container[index]", "item.role"),
        ("docusignSecretUser", "docusignSecret", "secretsUser"),
        ("publisher", "component", "monitoringMetricsPublisher"),
        ("sealingKeyUser", "sealingKey", "keyRole"),
        ("signingKeyUser", "signingKey", "keyRole"),
    ];
    let expected = expected.map(|(name, scope, role)| (name.to_owned(), scope.to_owned(), role.to_owned()));
    assert_eq!(roles, expected);
    // The one role on data of the whole account is off unless asked for.
    assert!(read("modules/storage.bicep").block("accountRole").head.contains("if (hostMayUseWholeAccount)"));
    assert_eq!(read("main.bicep").default_of("hostMayUseWholeAccount"), "false");
}

#[test]
fn roles_are_what_their_names_say() {
    let storage = read("modules/storage.bicep");
    let vault = read("modules/vault.bicep");
    for (template, name, guid) in [
        (&storage, "blobDataOwner", BLOB_DATA_OWNER),
        (&storage, "blobDataContributor", BLOB_DATA_CONTRIBUTOR),
        (&storage, "reader", READER),
        (&vault, "secretsUser", SECRETS_USER),
        (&read("modules/monitoring.bicep"), "monitoringMetricsPublisher", METRICS_PUBLISHER),
    ] {
        assert!(template.variable(name).contains(guid), "{name}");
    }
    assert!(vault.variable("keyRole").contains("keyRoleId"));
    assert_eq!(read("main.bicep").default_of("keyRoleId"), format!("'{CRYPTO_USER}'"));
    // Ours and the package: write blobs. The host's: what it asks for.
    let containers = storage.variable("containers").split_whitespace().collect::<Vec<_>>().join(" ");
    for (container, role) in [
        ("deploymentContainer", "blobDataContributor"),
        ("storeContainer", "blobDataContributor"),
        ("'azure-webjobs-hosts'", "blobDataOwner"),
        ("'azure-webjobs-secrets'", "blobDataOwner"),
    ] {
        assert!(containers.contains(&format!("name: {container} role: {role}")), "{container}: {containers}");
    }
}

#[test]
fn both_keys_sign_and_verify_only_and_nothing_rotates_or_expires_them() {
    let vault = read("modules/vault.bicep");
    let keys = vault.resources("Microsoft.KeyVault/vaults/keys");
    assert_eq!(keys.len(), 2);
    for key in keys {
        assert_eq!(key.list("keyOps"), ["'sign'", "'verify'"]);
        assert_eq!(key.property("keySize"), "2048");
        assert_eq!(key.property("kty"), "hsmKeys ? 'RSA-HSM' : 'RSA'");
        // Not exportable is what keys are unless they say otherwise.
        assert!(!key.body.contains("exportable"));
        assert_eq!(key.property("rotationPolicy"), "rotationPolicy");
        assert!(!key.body.contains("exp:"), "Key Vault does not sign with an expired key");
    }
    let policy = vault.variable("rotationPolicy");
    assert!(policy.contains("type: 'notify'") && !policy.contains("'rotate'") && !policy.contains("expiryTime"));
}

#[test]
fn vault_and_storage_take_entra_identities_only() {
    let template = read("modules/vault.bicep");
    let given = read("main.bicep").block("vault");
    assert_eq!(given.property("publicNetworkAccess"), "privateNetwork ? 'Disabled' : 'Enabled'");
    let vault = template.block("vault");
    for (property, value) in [
        ("enableRbacAuthorization", "true"),
        ("enablePurgeProtection", "true"),
        ("enableSoftDelete", "true"),
        ("softDeleteRetentionInDays", "90"),
        ("bypass", "'AzureServices'"),
        ("defaultAction", "publicNetworkAccess == 'Disabled' ? 'Deny' : 'Allow'"),
        ("publicNetworkAccess", "publicNetworkAccess"),
    ] {
        assert_eq!(vault.property(property), value, "{property}");
    }
    let storage = read("modules/storage.bicep");
    let account = storage.block("account");
    for (property, value) in [
        ("allowSharedKeyAccess", "false"),
        ("allowBlobPublicAccess", "false"),
        ("allowCrossTenantReplication", "false"),
        ("defaultToOAuthAuthentication", "true"),
        ("bypass", "'AzureServices'"),
        ("defaultAction", "privateNetwork ? 'Deny' : 'Allow'"),
        ("supportsHttpsTrafficOnly", "true"),
        ("minimumTlsVersion", "'TLS1_2'"),
        ("publicNetworkAccess", "privateNetwork ? 'Disabled' : 'Enabled'"),
    ] {
        assert_eq!(account.property(property), value, "{property}");
    }
    let monitoring = read("modules/monitoring.bicep");
    assert_eq!(monitoring.block("component").property("DisableLocalAuth"), "true");
    assert_eq!(monitoring.block("workspace").property("disableLocalAuth"), "true");
    let app = read("modules/app.bicep");
    for (property, value) in [("httpsOnly", "true"), ("minTlsVersion", "'1.2'"), ("scmMinTlsVersion", "'1.2'")] {
        assert_eq!(app.block("app").property(property), value);
    }
    assert_eq!(app.block("noPassword").property("allow"), "false");
    let audit = template.block("audit");
    assert_eq!((audit.property("category"), audit.property("enabled")), ("'AuditEvent'", "true"));
    // What is deleted by mistake can be brought back.
    let blobs = storage.block("blobs").body.split_whitespace().collect::<Vec<_>>().join(" ");
    for policy in ["deleteRetentionPolicy", "containerDeleteRetentionPolicy"] {
        assert!(blobs.contains(&format!("{policy}: {{ enabled: true days: 14 }}")), "{policy}: {blobs}");
    }
}

#[test]
fn the_app_is_a_custom_handler_on_flex_consumption() {
    let template = read("modules/app.bicep");
    assert_eq!(template.block("plan").property("tier"), "'FlexConsumption'");
    let app = template.block("app");
    let body: String = app.body.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(body.contains("runtime: { name: 'custom' version: '1.0' }"), "{body}");
    assert!(body.contains("type: 'UserAssignedIdentity' userAssignedIdentityResourceId: identityId"));
    assert_eq!(app.property("keyVaultReferenceIdentity"), "identityId");
    assert_eq!(app.property("alwaysReady"), "alwaysReadyInstances == 0 ? [] : warm");
    assert!(template.variable("warm").contains("name: 'http'\n"));
    assert_eq!(read("main.bicep").default_of("alwaysReadyInstances"), "0");
}

/// Names of settings that somebody else than the template sets: the host, the platform, or whoever needs them.
const NOT_OURS: [&str; 1] = ["FUNCTIONS_CUSTOMHANDLER_PORT"];

#[test]
fn app_settings_are_those_that_the_handler_reads_and_no_others() {
    let mut wanted = BTreeSet::new();
    for text in crate::layout::rust_files(&root().join("src/config")) {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let is_setting = |word: &&str| {
            ["EVERGRANT_", "DOCUSIGN_", "FUNCTIONS_CUSTOMHANDLER_"].iter().any(|prefix| word.starts_with(prefix))
                && word.len() > "FUNCTIONS_CUSTOMHANDLER_".len().min(word.len() - 1)
                && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
                && !word.ends_with('_')
        };
        wanted.extend(words.filter(is_setting).map(ToOwned::to_owned));
    }
    for name in NOT_OURS {
        assert!(wanted.remove(name), "{name}");
    }
    let set = |text: &str| -> BTreeSet<String> {
        let names = text.lines().filter_map(|line| line.trim().split_once(':')).map(|(name, _)| name.to_owned());
        names.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).collect()
    };
    let platform = set(read("modules/app.bicep").variable("platformSettings"));
    let main = read("main.bicep");
    let app = main.block("app");
    let handler = app.body.split_once("handlerSettings: {").unwrap().1.split_once('}').unwrap().0;
    let all: BTreeSet<String> = platform.union(&set(handler)).cloned().collect();
    let ours: BTreeSet<String> =
        all.iter().filter(|name| name.starts_with("EVERGRANT_") || name.starts_with("DOCUSIGN_")).cloned().collect();
    assert_eq!(ours, wanted);
    let rest: Vec<&String> = all.difference(&ours).collect();
    assert_eq!(
        rest,
        [
            "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
            "APPLICATIONINSIGHTS_CONNECTION_STRING",
            "AZURE_CLIENT_ID",
            "AzureWebJobsStorage__accountName",
            "AzureWebJobsStorage__clientId",
            "AzureWebJobsStorage__credential",
            "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
        ]
    );
}

#[test]
fn every_setting_has_the_value_that_is_meant_for_it() {
    let app = read("modules/app.bicep");
    let main = read("main.bicep");
    let module = main.block("app");
    let handler = module.body.split_once("handlerSettings: {").unwrap().1.split_once("\n    }").unwrap().0;
    let all = format!("{}\n{handler}", app.variable("platformSettings"));
    for pair in [
        "AzureWebJobsStorage__accountName: storageAccountName",
        "AzureWebJobsStorage__credential: 'managedidentity'",
        "AzureWebJobsStorage__clientId: identityClientId",
        "APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'",
        "AZURE_CLIENT_ID: identityClientId",
        "EVERGRANT_PUBLIC_URL: publicUrl",
        "EVERGRANT_STORE: storeUrl",
        "EVERGRANT_SIGNING_KEY_ID: signingKeyId",
        "EVERGRANT_SIGNING_KEY_ID_NEXT: signingKeyIdNext",
        "EVERGRANT_SEALING_KEY_ID: sealingKeyId",
        "EVERGRANT_SEALING_KEY_ID_PREVIOUS: join(sealingKeyIdsPrevious, ',')",
        "EVERGRANT_CLIENTS: string(clients)",
        "EVERGRANT_LOG: logLevel",
        "DOCUSIGN_ENVIRONMENT: docusignEnvironment",
        "DOCUSIGN_OAUTH_URL: docusignOauthUrl",
        "DOCUSIGN_CLM_URL: docusignClmUrl",
        "DOCUSIGN_ACCOUNT_ID: docusignAccountId",
        "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: string(requestBodyLimitBytes)",
        "DOCUSIGN_INTEGRATION_KEY: docusignIntegrationKey",
        "DOCUSIGN_USER_ID: docusignUserId",
        "DOCUSIGN_SCOPES: docusignScopes",
        "DOCUSIGN_SECRET_KEY: docusignSecret",
        "DOCUSIGN_ADMINS: join(docusignAdmins, ',')",
    ] {
        assert!(all.lines().any(|line| line.trim() == pair), "{pair} is not in {all}");
    }
    assert_eq!(
        app.block("settings").property("properties"),
        "union(platformSettings, handlerSettings, additionalSettings)"
    );
    for passed in [
        "identityClientId: identity.outputs.clientId",
        "storageAccountName: storageAccountName",
        "storeUrl: storage.outputs.storeUrl",
        "requestBodyLimitBytes: requestBodyLimitBytes",
        "insightsConnectionString: monitoring.outputs.connectionString",
    ] {
        assert!(module.body.lines().any(|line| line.trim() == passed), "{passed}");
    }
}

#[test]
fn outputs_are_the_urls_that_the_handler_serves_and_nothing_else() {
    let main = read("main.bicep");
    let outputs = template::declared(&main.text, "output");
    let urls = [
        ("docusignRedirectUri", "/consent/callback"),
        ("tokenUrl", "/oauth/token"),
        ("authorizationUrl", "/oauth/authorize"),
        ("refreshUrl", "/oauth/token"),
        ("revocationUrl", "/oauth/revoke"),
        ("metadataUrl", "/.well-known/oauth-authorization-server"),
        ("setupUrl", "/setup"),
    ];
    for (output, path) in urls {
        assert_eq!(main.output(output), format!("'${{app.outputs.publicUrl}}{path}'"));
        let served = |route: &&evergrant::server::Route| route.path.trim_end_matches("/{client_id?}") == path;
        assert!(evergrant::server::ROUTES.iter().any(served), "{path}");
    }
    let others = [
        "functionAppName",
        "keyVaultName",
        "storageAccountName",
        "publicUrl",
        "signingKeyId",
        "sealingKeyId",
        "storeUrl",
        "nextSteps",
    ];
    let expected: BTreeSet<&str> = urls.iter().map(|(name, _)| *name).chain(others).collect();
    assert_eq!(outputs.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected, "each is looked at for secrets");
}

#[test]
fn alerts_fire_and_reach_somebody() {
    let alerts = read("modules/alerts.bicep");
    assert_eq!(alerts.variable("actions"), "empty(email) ? [] : [mail.id]");
    let log = alerts.block("logAlert");
    for (property, value) in [
        ("enabled", "true"),
        ("scopes", "[workspaceId]"),
        ("query", "alert.query"),
        ("operator", "'GreaterThan'"),
        ("threshold", "0"),
        ("actionGroups", "actions"),
    ] {
        assert_eq!(log.property(property), value, "{property}");
    }
    let denied = alerts.block("denied");
    for (property, value) in [
        ("enabled", "true"),
        ("scopes", "[vaultId]"),
        ("metricName", "'ServiceApiResult'"),
        ("values", "['403']"),
        ("threshold", "0"),
        ("actions", "[for id in actions: { actionGroupId: id }]"),
    ] {
        assert_eq!(denied.property(property), value, "{property}");
    }
    assert_eq!(alerts.block("mail").property("emailAddress"), "email");
}

#[test]
fn private_endpoints_are_for_the_services_they_are_named_after() {
    let main = read("main.bicep");
    for (module, service, target) in
        [("vaultEndpoint", "'vault'", "vault.outputs.id"), ("blobEndpoint", "'blob'", "storage.outputs.id")]
    {
        let block = main.block(module);
        assert!(block.head.contains("if (privateNetwork)"));
        assert_eq!((block.property("service"), block.property("targetId")), (service, target));
    }
}

#[test]
fn rules_against_secrets_are_errors_to_the_compiler() {
    let config = std::fs::read_to_string(root().join("infra/bicepconfig.json")).unwrap();
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    let rules = &config["analyzers"]["core"]["rules"];
    for rule in ["outputs-should-not-contain-secrets", "secure-parameter-default", "secure-secrets-in-params"] {
        assert_eq!(rules[rule]["level"], "error", "{rule}");
    }
}

#[test]
fn key_ids_are_pinned_to_versions() {
    let main = read("main.bicep");
    for (name, uri, version) in [
        ("signingKeyId", "vault.outputs.signingKeyUri", "signingKeyVersion"),
        ("sealingKeyId", "vault.outputs.sealingKeyUri", "sealingKeyVersion"),
    ] {
        let value = main.variable(name);
        assert!(value.contains(&format!("${{{uri}}}/${{{version}}}")) && value.contains("KeyNewest"), "{value}");
    }
    let vault = read("modules/vault.bicep");
    for output in ["signingKeyNewest", "sealingKeyNewest"] {
        assert!(vault.output(output).ends_with(".properties.keyUriWithVersion"), "{output}");
    }
}

#[test]
fn every_parameter_and_output_is_described_and_none_is_secret() {
    for template in templates() {
        for (name, description) in template.described("param") {
            let description = description.unwrap_or_else(|| panic!("{}: {name} is not described", template.file));
            assert!(
                description.len() > 15 && description.contains("e.g. "),
                "{}: {name}: {description}",
                template.file
            );
        }
        for (name, description) in template.described("output") {
            assert!(description.is_some(), "{}: the output {name} is not described", template.file);
        }
        for secret in ["listKeys", "listSecrets", "listAccountSas", "getSecret", "@secure"] {
            assert!(!template.text.contains(secret), "{}: {secret}", template.file);
        }
    }
}

#[test]
fn the_parameter_file_gives_what_must_be_given_and_nothing_unknown() {
    let file = std::fs::read_to_string(root().join("infra/main.bicepparam")).unwrap();
    let given: BTreeSet<String> = template::declared(&file, "param").into_iter().collect();
    let main = read("main.bicep");
    let known: BTreeSet<String> = main.described("param").into_iter().map(|(name, _)| name).collect();
    assert!(given.is_subset(&known), "{:?}", given.difference(&known));
    for name in known.difference(&given) {
        assert!(!main.default_of(name).is_empty(), "{name} has neither a value nor a default");
    }
    let clients = std::fs::read_to_string(root().join("infra/clients.json")).unwrap();
    assert_eq!(clients.trim(), "[]");
}

#[test]
fn alerts_ask_for_events_that_the_handler_writes() {
    let sources = crate::layout::rust_files(&root().join("src")).concat();
    let queries = root().join("infra/queries");
    let failed = std::fs::read_to_string(queries.join("failed-mints.kql")).unwrap();
    for event in ["mint_failed", "sealing_key_unavailable"] {
        assert!(
            failed.contains(&format!("\"{event}\"")) && sources.contains(&format!("event = \"{event}\"")),
            "{event}"
        );
    }
    assert!(failed.contains("startswith \"evergrant: \"") && sources.contains("eprintln!(\"evergrant: {"));
    let unavailable = std::fs::read_to_string(queries.join("unavailable.kql")).unwrap();
    assert!(unavailable.contains("Status == \"503\"") && unavailable.contains("parse_json(Message).status"));
    assert!(sources.contains("status = response.status().as_u16(),"));
    // What is filled in by the template is there to be filled in.
    let alerts = read("modules/alerts.bicep");
    for (query, placeholder) in [(&failed, "APP_NAME"), (&unavailable, "APP_NAME"), (&unavailable, "PERCENT")] {
        assert!(query.contains(placeholder) && alerts.text.contains(&format!("'{placeholder}'")), "{placeholder}");
    }
    // A new workspace has no table yet; a union of none is no error.
    assert!(
        [&failed, &unavailable]
            .iter()
            .all(|query| query.contains("union isfuzzy=true") && query.contains("datatable("))
    );
    assert!(alerts.block("logAlert").body.contains("skipQueryValidation: true"));
}

#[test]
fn no_log_line_is_sampled_away() {
    let host: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("host.json")).unwrap()).unwrap();
    assert_eq!(host["logging"]["applicationInsights"]["samplingSettings"]["isEnabled"], false);
    assert_eq!(host["logging"]["logLevel"]["Host.Function.Console"], "Information");
    assert_eq!(host["logging"]["logLevel"]["Host.Results"], "Information");
}

#[test]
fn azd_finds_what_it_deploys() {
    let azure = std::fs::read_to_string(root().join("azure.yaml")).unwrap();
    for line in [
        "host: function",
        "language: custom",
        "dist: target/package/app",
        "run: ./package",
        "path: infra",
        "module: main",
    ] {
        assert!(azure.contains(line), "{line}");
    }
    // The tag by which azd knows the app has the name of the service.
    assert!(azure.contains("\n  evergrant:\n"));
    assert!(read("modules/app.bicep").text.contains("'azd-service-name': 'evergrant'"));
}
