//! What it costs to check a token: the first time, again, and when it is forged; for each kind of key.
use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::Algorithm;
use opptrapping::http::token::{self, Issuers, Sources};
use std::time::{Duration, Instant};

/// So many tokens are checked before they are forgotten again; fewer than are remembered.
const TOKENS: u64 = 1_000;

fn tokens(criterion: &mut Criterion) {
    let now = 1_800_000_000;
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let (private, public) = token::generate(algorithm).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &public).unwrap();
        let sources = Sources { public_key: Some(file.path().to_owned()), ..Sources::default() };
        let issuers = Issuers::open(sources).unwrap();
        let make = |_| token::make(&private, &public, "benchmark", "grants:write", now, 3_600).unwrap();
        let good: Vec<String> = (0..TOKENS).map(make).collect();

        criterion.bench_function(&format!("{algorithm:?}, the first time"), |bencher| {
            bencher.iter_custom(|mut left| {
                let mut taken = Duration::ZERO;
                while left > 0 {
                    let some = left.min(TOKENS);
                    // What was verified is forgotten when the keys are read anew.
                    issuers.reload().unwrap();
                    let begun = Instant::now();
                    assert!(good.iter().take(some as usize).all(|token| issuers.verify(token, now).is_ok()));
                    taken += begun.elapsed();
                    left -= some;
                }
                taken
            })
        });
        criterion.bench_function(&format!("{algorithm:?}, again"), |bencher| {
            bencher.iter(|| assert!(issuers.verify(&good[0], now).is_ok()))
        });
        // Bent in its middle: a signature that is none at a glance would be refused before it is reckoned with.
        let middle = good[0].rfind('.').unwrap() + 40;
        let bent = if good[0].as_bytes()[middle] == b'A' { "B" } else { "A" };
        let forged = format!("{}{bent}{}", &good[0][..middle], &good[0][middle + 1..]);
        criterion.bench_function(&format!("{algorithm:?}, wrongly signed"), |bencher| {
            bencher.iter(|| assert!(issuers.verify(&forged, now).is_err()))
        });
    }
    let nobody = token::local(&token::generate(Algorithm::EdDSA).unwrap().1).unwrap();
    let (private, public) = token::generate(Algorithm::RS256).unwrap();
    let expired = token::make(&private, &public, "benchmark", "grants:write", now - 7_200, 3_600).unwrap();
    criterion.bench_function("refused before the signature", |bencher| {
        bencher.iter(|| assert!(nobody.verify(&expired, now).is_err()))
    });
}

criterion_group!(benches, tokens);
criterion_main!(benches);
