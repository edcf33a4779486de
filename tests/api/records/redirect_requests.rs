//! The redirect URIs that clients asked for: written seldom, lost by no outage, and shared by all processes.

use std::sync::Arc;
use std::time::Duration;

use evergrant::store::redirect_requests::RedirectRequests;
use tokio::time::sleep;

use super::Spy;
use crate::store::{AWAY, BadLine, GOOD};
use crate::support::ManualClock;

/// The redirect URIs that `requests` shows, and whether it could read the store.
async fn shown(requests: &RedirectRequests) -> (Vec<String>, bool) {
    let latest = requests.latest().await;
    (latest.requests.into_iter().map(|request| request.redirect_uri).collect(), latest.is_complete)
}

fn uri(number: usize) -> String {
    format!("https://client.example/{number}")
}

/// Lets the writing task run, without letting time pass.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_written_at_once_and_then_every_ten_seconds_at_most() {
    let clock = ManualClock::new();
    let spy = Spy::on(BadLine::new(&clock));
    let requests = RedirectRequests::new(spy.clone(), Arc::new(clock.clone()));
    requests.record("web", &uri(0));
    settle().await;
    assert_eq!(spy.writes().len(), 1, "the first one at once");
    clock.advance(1);
    for number in 1..200 {
        requests.record("web", &uri(number));
        settle().await;
    }
    sleep(Duration::from_secs(9)).await;
    assert_eq!(spy.writes().len(), 1, "the others wait");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(spy.writes().len(), 2, "together");
    let listed = |number| spy.writes()[1].content.contains(&format!("{}\"", uri(number)));
    assert!((195..200).all(listed) && !(0..195).any(listed), "the newest five");
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(spy.writes().len(), 2, "nothing new");
    requests.record("web", &uri(199));
    settle().await;
    assert_eq!(spy.writes().len(), 2, "it is on the list already");
    clock.advance(3600);
    requests.record("web", &uri(199));
    settle().await;
    assert_eq!(spy.writes().len(), 3, "an hour later it counts as new");
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_written_is_written_with_the_next_request() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let requests = RedirectRequests::new(store.clone(), Arc::new(clock.clone()));
    store.is(AWAY);
    requests.record("web", &uri(1));
    settle().await;
    assert_eq!(shown(&requests).await, (vec![uri(1)], false), "this process knows it all the same");
    sleep(Duration::from_secs(60)).await;
    store.is(GOOD);
    let other = RedirectRequests::new(store.clone(), Arc::new(clock.clone()));
    assert_eq!(shown(&other).await, (Vec::new(), true));
    clock.advance(1);
    requests.record("web", &uri(2));
    settle().await;
    assert_eq!(shown(&other).await, (vec![uri(2), uri(1)], true));
    // Even a repeated request is a reason to write what is not written yet.
    store.is(AWAY);
    sleep(Duration::from_secs(60)).await;
    clock.advance(1);
    requests.record("web", &uri(3));
    sleep(Duration::from_secs(60)).await;
    store.is(GOOD);
    requests.record("web", &uri(3));
    settle().await;
    assert_eq!(shown(&other).await, (vec![uri(3), uri(2), uri(1)], true));
}

#[tokio::test(start_paused = true)]
async fn two_processes_add_to_one_list() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let processes = [(); 2].map(|()| RedirectRequests::new(store.clone(), Arc::new(clock.clone())));
    for number in 0..6 {
        clock.advance(1);
        processes[number % 2].record(["web", "other"][number / 3], &uri(number));
        sleep(Duration::from_secs(11)).await;
    }
    let expected: Vec<String> = (0..6).rev().map(uri).collect();
    for process in &processes {
        assert_eq!(shown(process).await, (expected.clone(), true));
    }
    let fresh = RedirectRequests::new(store.clone(), Arc::new(clock.clone()));
    assert_eq!(shown(&fresh).await, (expected.clone(), true), "a process that starts later");
    clock.advance(24 * 3600 - 6);
    assert_eq!(shown(&fresh).await.0.len(), 6);
    clock.advance(3);
    assert_eq!(shown(&fresh).await.0, expected[..3], "each one is listed for a day");
    clock.advance(24 * 3600);
    assert_eq!(shown(&fresh).await, (Vec::new(), true));
}

#[tokio::test(start_paused = true)]
async fn processes_that_write_at_the_same_time_lose_nothing() {
    let clock = ManualClock::new();
    let store = BadLine::new(&clock);
    let processes: Vec<RedirectRequests> =
        (0..3).map(|_| RedirectRequests::new(store.clone(), Arc::new(clock.clone()))).collect();
    for (number, process) in processes.iter().enumerate() {
        process.record("web", &uri(number));
    }
    sleep(Duration::from_secs(1)).await;
    let (mut found, is_complete) = shown(&RedirectRequests::new(store.clone(), Arc::new(clock.clone()))).await;
    found.sort();
    assert_eq!((found, is_complete), ((0..3).map(uri).collect(), true));
}
