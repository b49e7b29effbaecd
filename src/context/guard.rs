//! `Entered`: a session in scope on this thread.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::stack::{self, Entry};

/// Keeps a session in scope on this thread until it is dropped, also by a panic. Returned by
/// [`Session::enter`](crate::sync::Session::enter).
///
/// Guards may be dropped in any order: each ends its own scope.
#[derive(Debug)]
#[must_use = "the scope ends when this is dropped"]
pub struct Entered {
    live: Arc<AtomicBool>,
    /// Makes the guard `!Send`: a scope belongs to its thread.
    not_send: PhantomData<*const ()>,
}

impl Entered {
    pub(crate) fn new(session: Arc<dyn Any + Send + Sync>) -> Self {
        let live = Arc::new(AtomicBool::new(true));
        stack::enter(Entry::guarded(session, Arc::clone(&live)));
        Self {
            live,
            not_send: PhantomData,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.live.store(false, Ordering::Relaxed);
        stack::sweep();
    }
}
