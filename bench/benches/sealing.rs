//! Seals and opens tokens.

#![expect(clippy::expect_used, reason = "benchmarks should fail loudly")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use evergrant::clock::UnixSeconds;
use evergrant::oauth::client::ClientId;
use evergrant::oauth::scope::Scope;
use evergrant::oauth::subject::Subject;
use evergrant::sealing::claims::{Grant, RefreshToken};
use evergrant::sealing::secret::SealingSecret;
use evergrant::sealing::{Sealed, unseal, unverified_header};

const ISSUER: &str = "https://contoso-evergrant.azurewebsites.net";
const NOW: UnixSeconds = UnixSeconds(1_900_000_000);

fn refresh_token() -> Sealed<RefreshToken> {
    let grant = Grant {
        grant_id: "c2VhbGVkLWdyYW50LWlkMQ".to_owned(),
        client_id: ClientId::parse("power-automate").expect("a client identifier"),
        subject: Subject::IntegrationUser,
        scope: Scope::parse("signature spring_read spring_write").expect("a scope"),
        granted_at: NOW,
    };
    let content = RefreshToken { grant, generation: 0 };
    Sealed::new(ISSUER, "anRpLW9mLTEyOC1iaXRzIQ".to_owned(), NOW, None, content)
}

fn sealing(criterion: &mut Criterion) {
    // The length of an RS256 signature with a 2048-bit key.
    let signature = [7; 256];
    let derive = || SealingSecret::derive("evergrant-sealing/0123456789abcdef".to_owned(), &signature);
    let secret = derive().expect("a secret");
    let token = refresh_token();
    let sealed = token.seal(&secret).expect("a sealed token");
    criterion.bench_function("derive the sealing secret", |bencher| bencher.iter(derive));
    criterion.bench_function("seal a refresh token", |bencher| bencher.iter(|| token.seal(&secret)));
    criterion.bench_function("read a sealed token's header", |bencher| {
        bencher.iter(|| unverified_header(black_box(&sealed)));
    });
    criterion.bench_function("open a refresh token", |bencher| {
        bencher.iter(|| unseal::<RefreshToken>(&secret, ISSUER, black_box(&sealed), NOW));
    });
    let mut forged = sealed;
    forged.pop();
    criterion.bench_function("reject a forged refresh token", |bencher| {
        bencher.iter(|| unseal::<RefreshToken>(&secret, ISSUER, black_box(&forged), NOW));
    });
}

criterion_group!(benches, sealing);
criterion_main!(benches);
