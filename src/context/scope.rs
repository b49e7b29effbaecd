//! `Scope`: the sessions in scope, to carry into another task or thread.

use std::any::Any;
use std::sync::Arc;

#[cfg(feature = "__async")]
use super::Scoped;
use super::stack::{Entry, Stack, Swapped};

/// The sessions in scope, to carry into another task or thread. Spawned tasks and threads do not inherit
/// them, because they may outlive the request.
///
/// ```no_run
/// # #[cfg(all(feature = "postgres", feature = "bb8"))]
/// # async fn example() {
/// use diesel_routing::Scope;
///
/// async fn write_report() { /* `Session::current()` .. */ }
/// fn resize_image() { /* .. */ }
///
/// tokio::spawn(Scope::current().run(write_report()));
///
/// let scope = Scope::current();
/// tokio::task::spawn_blocking(move || scope.enter(resize_image));
/// # }
/// ```
#[derive(Debug)]
pub struct Scope(Stack);

impl Scope {
    /// Returns the sessions in scope here.
    #[must_use]
    pub fn current() -> Self {
        Self(Stack::captured())
    }

    /// Runs `f` with exactly these sessions in scope.
    pub fn enter<T>(mut self, f: impl FnOnce() -> T) -> T {
        let _swapped = Swapped::new(&mut self.0);
        f()
    }

    /// Wraps `future` so that it runs with exactly these sessions in scope.
    #[cfg(feature = "__async")]
    #[cfg_attr(
        docsrs,
        doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite")))
    )]
    pub fn run<F: Future>(self, future: F) -> Scoped<F> {
        Scoped::within(self.0, future)
    }

    /// Calls `f` and wraps the future it returns, both with exactly these sessions in scope.
    #[cfg(all(feature = "tower", feature = "__async"))]
    pub(crate) fn start<F>(mut self, f: impl FnOnce() -> F) -> Scoped<F> {
        let future = {
            let _swapped = Swapped::new(&mut self.0);
            f()
        };
        Scoped::within(self.0, future)
    }

    /// Adds this session as the innermost.
    pub(crate) fn and(mut self, session: Arc<dyn Any + Send + Sync>) -> Self {
        self.0.push(Entry::new(session));
        self
    }
}

impl Clone for Scope {
    fn clone(&self) -> Self {
        Self(self.0.share())
    }
}
