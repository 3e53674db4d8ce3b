//! The time of one exchange: one deadline for all its stages, and how long each took.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::fault;
use crate::evidence::{FetchError, FetchStage};

/// Start and deadline of an exchange.
pub(super) struct Clock {
    begun: Instant,
    deadline: Instant,
}

impl Clock {
    pub(super) fn start(limit: Duration) -> Self {
        let begun = Instant::now();
        Self { begun, deadline: begun + limit }
    }

    /// Takes out the time spent waiting for our own limits.
    pub(super) fn pause(&mut self, waited: Duration) {
        self.begun += waited;
        self.deadline += waited;
    }

    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    pub(super) fn elapsed_ms(&self) -> u32 {
        milliseconds(self.begun.elapsed())
    }

    /// Runs a step until the deadline, or its own limit if that comes first; its result and its milliseconds.
    pub(super) async fn time<T, E: Error + 'static>(
        &self,
        stage: FetchStage,
        limit: Option<Duration>,
        step: impl Future<Output = Result<T, E>>,
    ) -> (Result<T, FetchError>, u32) {
        let begun = Instant::now();
        let until = limit.map_or(self.deadline, |limit| self.deadline.min(begun + limit));
        let result = match timeout_at(until, step).await {
            Ok(result) => result.map_err(|error| fault::of(stage, &error)),
            Err(_) => Err(fault::timeout(stage)),
        };
        (result, milliseconds(begun.elapsed()))
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
