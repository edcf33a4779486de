//! Forged and misdirected tokens: none gets through, and none that is not the issuer's causes a call.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD as BASE64URL};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::signer::{Signer, changed};
use super::{SUBJECT, Stage, client, trusted};

/// What is wrong with a token, and the token.
type Forged = Vec<(String, String)>;

/// Tokens that the issuer signed, with these claims changed.
fn signed<const N: usize>(stage: &Stage, changes: [(&str, Value); N]) -> Forged {
    changes.map(|(name, changes)| (name.to_owned(), stage.rsa.token(&changed(&stage.claims(), &changes)))).into()
}

/// Tokens for another audience.
fn for_others(stage: &Stage) -> Forged {
    let aud = |aud: Value| json!({ "aud": aud });
    let changes = [
        ("aud missing", json!({"aud": null})),
        ("aud empty", aud(json!(""))),
        ("aud an empty array", aud(json!([]))),
        ("aud of another app", aud(json!("api://other"))),
        ("aud an array without ours", aud(json!(["api://other", "api://third"]))),
        ("aud begins with ours", aud(json!("api://evergrant-2"))),
        ("aud is the beginning of ours", aud(json!("api://evergran"))),
        ("aud in other letters", aud(json!("API://EVERGRANT"))),
        ("aud with a slash", aud(json!("api://evergrant/"))),
        ("aud with a blank", aud(json!("api://evergrant "))),
        ("aud in one text with others", aud(json!("api://other api://evergrant"))),
        ("aud with a number in it", aud(json!(["api://evergrant", 1]))),
        ("aud with null in it", aud(json!(["api://evergrant", null]))),
        ("aud an array in an array", aud(json!([["api://evergrant"]]))),
        ("aud an object", aud(json!({"api://evergrant": true}))),
        ("aud a number", aud(json!(1))),
        ("aud our token endpoint", aud(json!(format!("{}/oauth/token", stage.app.issuer)))),
    ];
    signed(stage, changes)
}

/// Tokens about another caller, or of another issuer.
fn about_others(stage: &Stage) -> Forged {
    let changes = [
        ("sub missing", json!({"sub": null})),
        ("sub empty", json!({"sub": ""})),
        ("sub a number", json!({"sub": 1})),
        ("sub an array", json!({"sub": [SUBJECT]})),
        ("sub of a pull request", json!({"sub": "repo:contoso/deploy:pull_request"})),
        ("sub of a fork", json!({"sub": "repo:mallory/deploy:environment:production"})),
        ("sub with a suffix", json!({"sub": format!("{SUBJECT}-2")})),
        ("sub with a prefix", json!({"sub": format!("x{SUBJECT}")})),
        ("sub in other letters", json!({"sub": SUBJECT.to_uppercase()})),
        ("sub with a zero-width space", json!({"sub": format!("{SUBJECT}\u{200b}")})),
        ("sub with a line feed", json!({"sub": format!("{SUBJECT}\n")})),
        ("sub a wildcard", json!({"sub": "*"})),
        ("iss missing", json!({"iss": null})),
        ("iss empty", json!({"iss": ""})),
        ("iss a number", json!({"iss": 1})),
        ("iss an array", json!({"iss": [stage.issuer.url]})),
        ("the client's own name", json!({"iss": "deploy", "sub": "deploy"})),
    ];
    signed(stage, changes)
}

/// Tokens that are not valid now.
fn of_another_time(stage: &Stage) -> Forged {
    let now = stage.now();
    let changes = [
        ("exp missing", json!({"exp": null})),
        ("exp long ago", json!({"exp": now - 3600, "iat": now - 7200, "nbf": now - 7200})),
        ("exp beyond the leeway", json!({"exp": now - 61, "iat": now - 600, "nbf": now - 600})),
        ("exp a text", json!({"exp": (now + 600).to_string()})),
        ("exp a fraction", serde_json::from_str(&format!("{{\"exp\": {}.5}}", now + 600)).unwrap()),
        ("exp a float", serde_json::from_str(&format!("{{\"exp\": {}.0}}", now + 600)).unwrap()),
        ("exp with an exponent", serde_json::from_str("{\"exp\": 1e12}").unwrap()),
        ("exp negative", json!({"exp": -1})),
        ("exp true", json!({"exp": true})),
        ("exp an array", json!({"exp": [now + 600]})),
        ("exp far away", json!({"exp": now + 24 * 3600 + 120})),
        ("exp the largest number", json!({"exp": u64::MAX})),
        ("exp far away without iat", json!({"exp": now + 25 * 3600, "iat": null, "nbf": null})),
        ("a lifetime of two days", json!({"exp": now + 3600, "iat": now - 47 * 3600, "nbf": now - 47 * 3600})),
        ("iat in the future", json!({"iat": now + 300})),
        ("iat a text", json!({"iat": now.to_string()})),
        ("iat a fraction", json!({"iat": 1.5})),
        ("iat negative", json!({"iat": -1})),
        ("nbf in the future", json!({"nbf": now + 300})),
        ("nbf a text", json!({"nbf": now.to_string()})),
        ("nbf a fraction", json!({"nbf": 1.5})),
    ];
    signed(stage, changes)
}

/// Tokens of issuers that look like the trusted one, signed with its key or with another.
fn look_alikes(stage: &Stage, stranger: &Signer) -> Forged {
    let url = stage.issuer.url.as_str();
    let host = url.trim_start_matches("http://");
    let (name, port) = host.split_once(':').unwrap();
    let look_alikes = [
        format!("{url}/"),
        format!("{url}//"),
        format!("{url}/tenant"),
        format!("{url}?x"),
        format!("{url}#x"),
        format!(" {url}"),
        format!("{url} "),
        format!("{url}."),
        format!("{url}\u{0}"),
        format!("{url}/.well-known/openid-configuration"),
        format!("HTTP://{host}"),
        format!("https://{host}"),
        host.to_owned(),
        format!("//{host}"),
        format!("http://user@{host}"),
        format!("http://{host}@evil.example"),
        format!("http://{name}.:{port}"),
        format!("http://{name}"),
        format!("http://{name}:0{port}"),
        format!("http://localhost:{port}"),
        format!("http://2130706433:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        url.replace('1', "\u{ff11}"),
        url.replace('.', "\u{3002}"),
        url.replace("127", "%31%32%37"),
        format!("{url}/../"),
        format!("{url}\\"),
        "https://token.actions.githubusercontent.com".to_owned(),
    ];
    let tokens = look_alikes.iter().flat_map(|iss| {
        let claims = changed(&stage.claims(), &json!({ "iss": iss }));
        [&stage.rsa, stranger].map(|signer| (format!("iss {iss:?} of {}", signer.kid), signer.token(&claims)))
    });
    tokens.collect()
}

/// Tokens with good claims and a header that should make the wrong key count.
fn with_other_headers(stage: &Stage, stranger: &Signer) -> Forged {
    let claims = stage.claims();
    let of_stranger = |changes: &Value| stranger.token_with(changes, &claims);
    let of_issuer = |changes: &Value| stage.rsa.token_with(changes, &claims);
    let kid = &stage.rsa.kid;
    let public = serde_json::to_vec(&stage.rsa.jwk()).unwrap();
    let modulus = BASE64URL.decode(stage.rsa.jwk()["n"].as_str().unwrap()).unwrap();
    let hmac = |alg: &str, secret: &[u8]| Signer::hmac(&json!({"alg": alg, "kid": kid, "typ": "JWT"}), &claims, secret);
    let unsigned = |header: Value, signature: &str| {
        format!("{}.{}.{signature}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()))
    };
    let tokens = [
        ("another key", of_stranger(&json!({}))),
        ("another key with the kid", of_stranger(&json!({ "kid": kid }))),
        ("another key without kid", of_stranger(&json!({"kid": null}))),
        ("jwk", of_stranger(&json!({"jwk": stranger.jwk()}))),
        ("jwk and kid", of_stranger(&json!({"kid": kid, "jwk": stranger.jwk_with(&json!({ "kid": kid }))}))),
        ("jku", of_stranger(&json!({"jku": format!("{}/stranger", stage.issuer.url)}))),
        ("x5u", of_stranger(&json!({"kid": kid, "x5u": format!("{}/stranger", stage.issuer.url)}))),
        ("x5c", of_stranger(&json!({"kid": kid, "x5c": [STANDARD.encode(&public)]}))),
        ("kid a path", of_stranger(&json!({"kid": "../../../dev/null"}))),
        ("kid a URL", of_stranger(&json!({"kid": format!("{}/stranger", stage.issuer.url)}))),
        ("kid of another issuer", of_stranger(&json!({"kid": "other-1"}))),
        ("kid of another type of key", of_issuer(&json!({"kid": "ec-1"}))),
        ("kid empty", of_issuer(&json!({"kid": ""}))),
        ("kid with a blank", of_issuer(&json!({"kid": format!("{kid} ")}))),
        ("kid in other letters", of_issuer(&json!({"kid": kid.to_uppercase()}))),
        ("kid a number", of_issuer(&json!({"kid": 1}))),
        ("kid an array", of_issuer(&json!({ "kid": [kid] }))),
        ("crit", of_issuer(&json!({"crit": ["exp"]}))),
        ("crit empty", of_issuer(&json!({"crit": []}))),
        ("crit with b64", of_issuer(&json!({"crit": ["b64"], "b64": false}))),
        ("alg missing", of_issuer(&json!({"alg": null}))),
        ("alg in small letters", of_issuer(&json!({"alg": "rs256"}))),
        ("alg with a blank", of_issuer(&json!({"alg": "RS256 "}))),
        ("alg an array", of_issuer(&json!({"alg": ["RS256"]}))),
        ("alg RS384", of_issuer(&json!({"alg": "RS384"}))),
        ("alg ES256 with an RSA key", of_issuer(&json!({"alg": "ES256"}))),
        ("alg RS256 with an EC key", stage.ec.token_with(&json!({"alg": "RS256"}), &claims)),
        ("alg EdDSA", of_issuer(&json!({"alg": "EdDSA"}))),
        ("alg none", unsigned(json!({"alg": "none"}), "")),
        ("alg None", unsigned(json!({"alg": "None", "kid": kid}), "")),
        ("alg none with a signature", unsigned(json!({"alg": "none", "kid": kid}), "c2ln")),
        ("alg RS256 without a signature", unsigned(json!({"alg": "RS256", "kid": kid}), "")),
        ("alg RS256 with zeros", unsigned(json!({"alg": "RS256", "kid": kid}), &BASE64URL.encode([0; 256]))),
        ("alg ES256 with zeros", unsigned(json!({"alg": "ES256", "kid": "ec-1"}), &BASE64URL.encode([0; 64]))),
        ("HS256 with the public key", hmac("HS256", &public)),
        ("HS256 with the modulus", hmac("HS256", &modulus)),
        ("HS256 with its base64url", hmac("HS256", stage.rsa.jwk()["n"].as_str().unwrap().as_bytes())),
        ("HS256 with nothing", hmac("HS256", b"\0")),
        ("RS256 by HMAC with the public key", hmac("RS256", &public)),
        ("P-384", Signer::p384("ec-1").token(&claims)),
        ("P-384 as ES256", Signer::p384("ec-1").token_with(&json!({"alg": "ES256"}), &claims)),
    ];
    tokens.map(|(name, token)| (name.to_owned(), token)).into()
}

/// A good token, damaged.
fn malformed(stage: &Stage) -> Forged {
    let (header, claims) = (stage.rsa.header().to_string(), stage.claims().to_string());
    let good = stage.rsa.sign(&header, &claims);
    let parts: Vec<&str> = good.split('.').collect();
    let twice = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    let escaped = |text: &str| text.replacen("\"iss\":", "\"i\\u0073s\":\"https://evil.example\",\"iss\":", 1);
    let sign = |header: &str, claims: &str| stage.rsa.sign(header, claims);
    // The last character of a signature of 256 bytes has four bits to spare.
    let (rest, last) = good.split_at(good.len() - 1);
    let other = char::from(last.as_bytes()[0] + 1);
    let changed_claims = BASE64URL.encode(claims.replace("production", "testing"));
    let tokens = [
        ("not canonical", format!("{rest}{other}")),
        ("padded", format!("{good}==")),
        ("in standard base64", format!("{}.{}.{}", parts[0], parts[1], STANDARD.encode([0xfb; 256]))),
        ("padded claims", sign(&header, &claims).replacen(parts[1], &URL_SAFE.encode(format!("{claims} ")), 1)),
        ("a trailing dot", format!("{good}.")),
        ("a leading dot", format!(".{good}")),
        ("four parts", format!("{good}.{}", parts[2])),
        ("five parts", format!("{}.{}.{}.{}.{}", parts[0], parts[2], parts[1], parts[1], parts[2])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("one part", parts[2].to_owned()),
        ("empty parts", "..".to_owned()),
        ("a space inside", format!("{} .{}.{}", parts[0], parts[1], parts[2])),
        ("a line feed inside", format!("{}.\n{}.{}", parts[0], parts[1], parts[2])),
        ("a zero byte at the end", format!("{good}\u{0}")),
        ("other claims", format!("{}.{changed_claims}.{}", parts[0], parts[2])),
        ("a signature cut short", good[..good.len() - 8].to_owned()),
        ("claims twice: sub", sign(&header, &twice(&claims, "\"sub\":\"other\""))),
        ("claims twice: the same", sign(&header, &twice(&claims, &format!("\"sub\":\"{SUBJECT}\"")))),
        ("claims twice: exp", sign(&header, &twice(&claims, "\"exp\":1"))),
        ("claims twice: unused", sign(&header, &twice(&claims, "\"x\":1,\"x\":1"))),
        ("claims twice: inside", sign(&header, &twice(&claims, "\"x\":{\"y\":1,\"y\":2}"))),
        ("claims twice: escaped", sign(&header, &escaped(&claims))),
        ("header twice: alg", sign(&twice(&header, "\"alg\":\"RS256\""), &claims)),
        ("header twice: kid", sign(&twice(&header, "\"kid\":\"rsa-1\""), &claims)),
        ("claims in an array", sign(&header, &format!("[{claims}]"))),
        ("claims a text", sign(&header, &json!(claims).to_string())),
        ("claims a token", sign(&header, &good)),
        ("claims empty", sign(&header, "")),
        ("claims with a rest", sign(&header, &format!("{claims}{{}}"))),
        ("claims with a comment", sign(&header, &format!("/**/{claims}"))),
        ("claims with a byte order mark", sign(&header, &format!("\u{feff}{claims}"))),
        ("header an array", sign(&format!("[{header}]"), &claims)),
        ("header empty", sign("{}", &claims)),
        ("too large", sign(&header, &twice(&claims, &format!("\"x\":\"{}\"", "x".repeat(13_000))))),
        ("too deep", sign(&header, &twice(&claims, &format!("\"x\":{}1{}", "[".repeat(200), "]".repeat(200))))),
    ];
    tokens.map(|(name, token)| (name.to_owned(), token)).into()
}

/// How the app answers a token, at the token endpoint and as bearer. Each one comes from another address.
async fn statuses(stage: &Stage, client_id: &str, token: &str, source: usize) -> (u16, u16) {
    let source = format!("192.0.2.{}, 2001:db8::{source:x}", source % 250);
    let source = ("x-forwarded-for", source.as_str());
    let answer = stage.token_from(client_id, token, source.1).await;
    assert!(answer.status != 200 || answer.json()["access_token"].is_string());
    if answer.status == 401 {
        let json = answer.json();
        let said = "client authentication failed: the client_assertion was refused";
        assert_eq!((json["error"].as_str(), json["error_description"].as_str()), (Some("invalid_client"), Some(said)));
    }
    let bearer = stage.call_from(token, &[source]).await;
    if bearer.status == 401 {
        assert!(bearer.header("www-authenticate").contains("error=\"invalid_token\""));
    }
    (answer.status.as_u16(), bearer.status.as_u16())
}

async fn assert_refused(stage: &Stage, forged: &Forged, first: usize) {
    let numbered = forged.iter().enumerate();
    let answers = numbered.map(|(number, (_, token))| statuses(stage, "deploy", token, first + number));
    for (answer, (name, token)) in join_all(answers).await.into_iter().zip(forged) {
        assert_eq!(answer, (401, 401), "{name}: {token}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_forged_or_misdirected_token_gets_through() {
    let other_issuer = super::TestIssuer::start(&[]).await;
    let more = json!([client("other", &json!([trusted(&other_issuer.url)]))]);
    let stage = Stage::with(&more).await;
    let stranger = Signer::rsa("other-1");
    other_issuer.publish(&[&stranger]);
    stage.issuer.set("/stranger", super::issuer::Document::Json(json!({"keys": [stranger.jwk()]})));
    let good = stage.rsa.token(&stage.claims());
    assert_eq!(statuses(&stage, "deploy", &good, 0).await, (200, 403), "{good}");
    let mut forged = look_alikes(&stage, &stranger);
    forged.extend([for_others(&stage), about_others(&stage), of_another_time(&stage)].concat());
    forged.extend(malformed(&stage));
    let others = with_other_headers(&stage, &stranger);
    assert!(forged.len() + others.len() > 180, "{}", forged.len() + others.len());
    assert_refused(&stage, &forged, 1).await;
    assert_eq!((stage.issuer.calls(), other_issuer.calls()), (2, 0), "refused by their claims, without a call");
    assert_refused(&stage, &others, 500).await;
    assert_eq!((stage.issuer.calls(), other_issuer.calls()), (4, 0), "one refetch for all unknown keys");
    let of_other = stranger.token(&changed(&stage.claims(), &json!({"iss": other_issuer.url})));
    assert_eq!(statuses(&stage, "deploy", &of_other, 900).await, (401, 403), "the token is another client's");
    assert_eq!(statuses(&stage, "other", &good, 901).await, (401, 403));
    assert_eq!(statuses(&stage, "deploy", &good, 902).await, (200, 403));
}
