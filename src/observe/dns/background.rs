//! Threads of their own for what hickory does: its connections outlive the worker that opened them and serve all others.

use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// A runtime that ends, without waiting, when it is dropped.
pub(super) struct Background(Option<Runtime>);

impl Background {
    /// Starts so many threads.
    ///
    /// # Errors
    /// If no threads are to be had.
    pub(super) fn start(threads: usize) -> io::Result<Self> {
        Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("dns")
            .enable_all()
            .build()
            .map(|runtime| Self(Some(runtime)))
    }

    /// Runs a task there; `None` only while the runtime is being dropped.
    pub(super) fn spawn<F>(&self, task: F) -> Option<JoinHandle<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.0.as_ref().map(|runtime| runtime.spawn(task))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
