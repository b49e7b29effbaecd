//! The stack of sessions in scope on one thread.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// The sessions in scope, innermost last. A task swaps in its own stack while it is polled.
    static STACK: RefCell<Stack> = const { RefCell::new(Stack(Vec::new())) };
}

/// Sessions of any kind, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Stack(Vec<Entry>);

/// One session, by its type.
#[derive(Clone)]
pub(super) struct Entry {
    session: Arc<dyn Any + Send + Sync>,
    /// Set until the entry's guard is dropped, which may happen while another stack is current.
    live: Option<Arc<AtomicBool>>,
}

impl Entry {
    pub(super) fn new(session: Arc<dyn Any + Send + Sync>) -> Self {
        Self {
            session,
            live: None,
        }
    }

    /// Creates an entry that ends when the flag is cleared.
    pub(super) fn guarded(session: Arc<dyn Any + Send + Sync>, live: Arc<AtomicBool>) -> Self {
        Self {
            session,
            live: Some(live),
        }
    }

    fn is_live(&self) -> bool {
        let live = self.live.as_ref();
        live.is_none_or(|live| live.load(Ordering::Relaxed))
    }
}

impl Stack {
    /// Returns a copy for another task or thread, whose entries do not end with their guards here.
    pub(super) fn captured() -> Self {
        let captured = STACK.try_with(|stack| {
            let stack = stack.borrow();
            let live = stack.0.iter().filter(|entry| entry.is_live());
            live.map(|entry| Entry {
                session: Arc::clone(&entry.session),
                live: None,
            })
            .collect()
        });
        Self(captured.unwrap_or_default())
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.0.push(entry);
    }

    /// Copies the stack again, as [`captured`](Self::captured) does.
    pub(super) fn share(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Returns the innermost session of this type that `will_do` accepts.
pub(crate) fn find<T: Any + Send + Sync>(will_do: impl Fn(&T) -> bool) -> Option<Arc<T>> {
    let found = STACK.try_with(|stack| {
        let stack = stack.borrow();
        let found =
            stack.0.iter().rev().find(|entry| {
                entry.is_live() && entry.session.downcast_ref().is_some_and(&will_do)
            })?;
        Arc::clone(&found.session).downcast().ok()
    });
    // While the thread's locals are being destroyed, no session is in scope.
    found.ok().flatten()
}

/// Pushes an entry onto this thread's stack.
pub(super) fn enter(entry: Entry) {
    let _ = STACK.try_with(|stack| stack.borrow_mut().push(entry));
}

/// Removes the entries whose guards were dropped.
pub(super) fn sweep() {
    let ended = STACK.try_with(|stack| {
        let mut stack = stack.borrow_mut();
        let (live, ended) = stack.0.drain(..).partition(Entry::is_live);
        stack.0 = live;
        ended
    });
    // Dropped after the borrow of the stack ends: the last clone of a session may close a router.
    let ended: Result<Vec<Entry>, _> = ended;
    drop(ended);
}

/// Replaces the thread's stack until it is dropped, also by a panic.
#[derive(Debug)]
pub(super) struct Swapped<'a>(&'a mut Stack);

impl<'a> Swapped<'a> {
    pub(super) fn new(stack: &'a mut Stack) -> Self {
        swap(stack);
        Self(stack)
    }
}

impl Drop for Swapped<'_> {
    fn drop(&mut self) {
        swap(self.0);
    }
}

fn swap(other: &mut Stack) {
    let _ = STACK.try_with(|stack| std::mem::swap(&mut *stack.borrow_mut(), other));
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("is_live", &self.is_live())
            .finish_non_exhaustive()
    }
}
