//! What is in scope on one thread.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// The innermost scope last. A task brings its own along, for as long as it is polled.
    static STACK: RefCell<Stack> = const { RefCell::new(Stack(Vec::new())) };
}

/// Sessions of any kind, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Stack(Vec<Entry>);

/// One session, by its type.
#[derive(Clone)]
pub(super) struct Entry {
    session: Arc<dyn Any + Send + Sync>,
    /// Whether its guard lives. A guard may be dropped where another stack is the current one.
    live: Option<Arc<AtomicBool>>,
}

impl Entry {
    pub(super) fn new(session: Arc<dyn Any + Send + Sync>) -> Self {
        Self {
            session,
            live: None,
        }
    }

    /// One that ends when the flag is lowered.
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
    /// What is in scope here, for a task or thread that goes on with it, whatever ends here.
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

    /// As [`captured`](Self::captured) once more.
    pub(super) fn share(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The innermost session of this type that will do.
pub(crate) fn find<T: Any + Send + Sync>(will_do: impl Fn(&T) -> bool) -> Option<Arc<T>> {
    let found = STACK.try_with(|stack| {
        let stack = stack.borrow();
        let found =
            stack.0.iter().rev().find(|entry| {
                entry.is_live() && entry.session.downcast_ref().is_some_and(&will_do)
            })?;
        Arc::clone(&found.session).downcast().ok()
    });
    // No scope outlives the thread's own data.
    found.ok().flatten()
}

/// Puts an entry into the scope of this thread.
pub(super) fn enter(entry: Entry) {
    let _ = STACK.try_with(|stack| stack.borrow_mut().push(entry));
}

/// Takes the entries away whose guards are gone.
pub(super) fn sweep() {
    let ended = STACK.try_with(|stack| {
        let mut stack = stack.borrow_mut();
        let (live, ended) = stack.0.drain(..).partition(Entry::is_live);
        stack.0 = live;
        ended
    });
    // Dropped with the stack free: the last clone of a session may close a router.
    let ended: Result<Vec<Entry>, _> = ended;
    drop(ended);
}

/// Another stack in place of the thread's, until it is dropped, also by a panic.
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
