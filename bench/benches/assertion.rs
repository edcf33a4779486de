//! Builds the assertion of the JWT Grant, without the signature.

#![expect(clippy::expect_used, reason = "benchmarks should fail loudly")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use evergrant::clock::UnixSeconds;
use evergrant::docusign::requested_scope::requested_scope;
use evergrant::docusign::tokens::assertion::{AssertionClaims, compact, signing_input};
use evergrant::oauth::scope::Scope;
use evergrant::types::Guid;

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

criterion_group!(benches, assertion);
criterion_main!(benches);
