//! What is in the way of a connection is in the sentence of every service that cannot be reached.

use std::io;

use evergrant::docusign::api::error::ApiError;
use evergrant::docusign::error::ExchangeError;
use evergrant::signing::SignError;
use evergrant::store::StoreError;
use evergrant::types::Explained;
use evergrant::web::obstacle::Obstacle;

#[test]
fn every_upstream_names_the_obstacle() {
    let unknown = Obstacle::of(&io::Error::other("reset by peer"));
    let named = Obstacle::ALL.into_iter().chain([unknown]).filter(|obstacle| !obstacle.as_answer().is_empty());
    let mut seen = 0;
    for obstacle in named {
        let errors: [&dyn Explained; 4] = [
            &ExchangeError::Unreachable(obstacle.clone()),
            &ApiError::Unreachable(obstacle.clone()),
            &SignError::Unreachable(obstacle.clone()),
            &StoreError::Unreachable(obstacle.clone()),
        ];
        for error in errors {
            let problem = error.problem();
            assert!(problem.ends_with(&format!(" ({})", obstacle.as_answer()[0].1)), "{problem}");
        }
        seen += 1;
    }
    assert!(seen > 1, "no obstacle has words");
}
