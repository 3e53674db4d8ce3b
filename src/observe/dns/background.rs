//! Threads of their own for what hickory does: its connections outlive the worker that opened them and serve all others.

use std::future::pending;
use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime that ends, without waiting, when it is dropped.
pub(super) struct Background {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Background {
    /// Starts so many threads.
    ///
    /// # Errors
    /// If no threads are to be had.
    pub(super) fn start(threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(threads.max(1)).thread_name("dns").enable_all().build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Starts a task there that nobody waits for.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }

    /// Runs a task there and waits for it. Where it panics, which is a fault of ours, so does the caller, and the scan ends with it: a fault
    /// of ours is no outcome of a lookup.
    pub(super) async fn run<F>(&self, task: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        match self.handle.spawn(task).await {
            Ok(output) => output,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Ended with its threads, which nobody does who still waits.
                Err(_) => pending().await,
            },
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_fault_of_ours_reaches_the_one_who_waits() {
        let background = Background::start(1).unwrap();
        assert_eq!(background.run(async { 7 }).await, 7);
        let broken = std::panic::AssertUnwindSafe(background.run(async { panic!("a test's own") })).catch_unwind();
        assert!(broken.await.is_err());
        assert_eq!(background.run(async { 8 }).await, 8, "and the others go on");
    }
}
