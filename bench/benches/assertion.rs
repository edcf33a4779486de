//! Builds the assertion of the JWT Grant, without the signature, and verifies a trusted issuer's token.

#![expect(clippy::expect_used, reason = "benchmarks should fail loudly")]

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use evergrant::clock::UnixSeconds;
use evergrant::docusign::requested_scope::requested_scope;
use evergrant::docusign::tokens::assertion::{AssertionClaims, compact, signing_input};
use evergrant::oauth::assertion::compact::Assertion;
use evergrant::oauth::assertion::{claim_checks, verify};
use evergrant::oauth::client::trust::{ClaimValue, RequiredClaim, TrustedIssuer};
use evergrant::oauth::jwk::key_set::KeySet;
use evergrant::oauth::scope::Scope;
use evergrant::secret::sha256;
use evergrant::types::Guid;
use sandbox::keys::RsaKey;
use serde_json::{Value, json};

fn assertion(criterion: &mut Criterion) {
    let key = Guid::parse("1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e").expect("a GUID");
    let user = Guid::parse("a1c2e3f4-0000-4000-8000-9b8a7c6d5e4f").expect("a GUID");
    let all = Scope::parse("signature impersonation spring_read spring_write").expect("a scope");
    let granted = Scope::parse("signature spring_read").expect("a scope");
    let now = UnixSeconds(1_900_000_000);
    let input = || {
        let scope = requested_scope(&all, black_box(&granted));
        signing_input(&AssertionClaims::new(&key, &user, "account-d.docusign.com", &scope, now))
    };
    let (signature, unsigned) = ([7; 256], input());
    criterion.bench_function("build an assertion's signing input", |bencher| bencher.iter(input));
    criterion.bench_function("join assertion and signature", |bencher| {
        bencher.iter(|| compact(black_box(&unsigned), &signature));
    });
}

/// Everything that a token of an issuer costs whose keys are cached.
fn verification(criterion: &mut Criterion) {
    let key = RsaKey::generate();
    let [n, e] = <[Vec<u8>; 2]>::from(key.components()).map(|number| URL_SAFE_NO_PAD.encode(number));
    let jwks = json!({"keys": [{"kty": "RSA", "kid": "key-1", "n": n, "e": e}]});
    let keys = KeySet::of_issuer(&jwks).expect("a key set");
    let now = UnixSeconds(1_900_000_000);
    let claims = json!({"iss": "https://issuer.example", "aud": "evergrant", "sub": "repo:contoso/deploy",
                        "iat": now, "nbf": now, "exp": now.plus(600), "repository": "contoso/deploy"});
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", encode(&json!({"alg": "RS256", "kid": "key-1"})), encode(&claims));
    let signature = key.sign_digest(&sha256(input.as_bytes())).expect("a signature");
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    let subject = RequiredClaim { name: "sub".into(), value: ClaimValue::Text("repo:contoso/deploy".into()) };
    let trusted =
        TrustedIssuer { issuer: "https://issuer.example".into(), audience: "evergrant".into(), claims: vec![subject] };
    criterion.bench_function("verify a trusted issuer's token", |bencher| {
        bencher.iter(|| {
            let assertion = Assertion::parse(black_box(&token)).expect("a token");
            claim_checks::issued(&assertion, &trusted, now).expect("good claims");
            verify(&assertion, &keys).expect("a good signature");
        });
    });
}

criterion_group!(benches, assertion, verification);
criterion_main!(benches);
