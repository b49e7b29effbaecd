//! `Scoped`: a future with sessions in scope.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::stack::{Entry, Stack, Swapped};

pin_project! {
    /// A future with sessions in scope, returned by [`Session::scope`](crate::Session::scope) and
    /// [`Scope::run`](crate::Scope::run).
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as the future inside, which is dropped in its scope.
    #[must_use = "futures do nothing unless polled"]
    pub struct Scoped<F> {
        stack: Option<Stack>,
        // The session to add to the scope of the thread or task that polls first.
        added: Option<Entry>,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Scoped<F> {
        fn drop(this: Pin<&mut Self>) {
            this.end();
        }
    }
}

impl<F> Scoped<F> {
    /// Wraps `future` so that it runs in the scope of its first poll, with `session` added.
    pub(crate) fn adding(session: Arc<dyn Any + Send + Sync>, future: F) -> Self {
        Self {
            stack: None,
            added: Some(Entry::new(session)),
            future: Some(future),
        }
    }

    pub(super) fn within(stack: Stack, future: F) -> Self {
        Self {
            stack: Some(stack),
            added: None,
            future: Some(future),
        }
    }

    /// Drops the inner future, in its scope.
    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        let mut stack = this.stack.take().unwrap_or_default();
        if let Some(added) = this.added.take() {
            stack.push(added);
        }
        let _swapped = Swapped::new(&mut stack);
        this.future.set(None);
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.as_mut().project();
        let Some(future) = this.future.as_pin_mut() else {
            // The inner future is gone already.
            return Poll::Pending;
        };
        let stack = this.stack.get_or_insert_with(Stack::captured);
        if let Some(added) = this.added.take() {
            stack.push(added);
        }
        let output = {
            let _swapped = Swapped::new(stack);
            future.poll(cx)
        };
        if output.is_ready() {
            self.end();
        }
        output
    }
}

impl<F> fmt::Debug for Scoped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped").finish_non_exhaustive()
    }
}
