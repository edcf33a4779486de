//! Retries.

use std::time::Duration;

/// Repeats `call` until it succeeds or `pause` returns `None`. `pause` gets the error and the number of tries so far, and
/// returns the time to wait before the next try.
///
/// # Errors
/// The error of the last try.
pub async fn retry<T, E, F>(call: impl Fn() -> F, pause: impl Fn(&E, u32) -> Option<Duration>) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut tries = 1;
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let Some(pause) = pause(&error, tries) else { return Err(error) };
        tokio::time::sleep(pause).await;
        tries += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn retries_until_pause_returns_none() {
        let begun = Instant::now();
        let calls = Cell::new(0);
        let call = |good_from: u32| {
            calls.set(calls.get() + 1);
            std::future::ready(if calls.get() >= good_from { Ok(calls.get()) } else { Err(calls.get()) })
        };
        let pause = |_: &u32, tries| (tries < 3).then(|| Duration::from_secs(u64::from(tries)));
        assert_eq!(retry(|| call(3), pause).await, Ok(3));
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
        assert_eq!(retry(|| call(u32::MAX), pause).await, Err(6), "three tries, no pause after the last");
        assert_eq!(begun.elapsed(), Duration::from_secs(6));
        assert_eq!(retry(|| call(u32::MAX), |_, _| None).await, Err(7));
    }
}
