//! Things that end with the thread of a test.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Weak};

/// Something that is a test's.
pub(crate) trait OfATest: Send + Sync {
    /// Ends it: the test's thread has ended.
    fn end(&self);
}

thread_local! {
    static OF_THIS_TEST: RefCell<OfThisTest> = const { RefCell::new(OfThisTest(Vec::new())) };
}

/// The things that were made on this thread, and end with it.
struct OfThisTest(Vec<Weak<dyn OfATest>>);

impl fmt::Debug for OfThisTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OfThisTest").field(&self.0.len()).finish()
    }
}

impl Drop for OfThisTest {
    fn drop(&mut self) {
        for left in self.0.drain(..).filter_map(|weak| weak.upgrade()) {
            left.end();
        }
    }
}

/// Ends something with this thread, if that is a test's: libtest calls them by the tests' names.
///
/// One that is kept in a `static` would be the next test's as well.
pub(crate) fn end_with_thread(made: &Arc<impl OfATest + 'static>) {
    let thread = std::thread::current();
    let is_a_tests = |name: &str| {
        let mut characters = name.chars();
        name != "main"
            && characters.all(|char| char == '_' || char == ':' || char.is_alphanumeric())
    };
    if !thread.name().is_some_and(is_a_tests) {
        return;
    }
    let made: Arc<dyn OfATest> = Arc::clone(made) as _;
    let made = Arc::downgrade(&made);
    OF_THIS_TEST.with_borrow_mut(|all| {
        all.0.retain(|other| other.strong_count() > 0);
        all.0.push(made);
    });
}
