//! `Place`: where in a test's code a handle was asked for.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The beginnings of functions that are no test's own.
const OTHERS: &[&str] = &[
    "alloc::",
    "core::",
    "diesel_routing::",
    "futures",
    "std::",
    "test::",
    "tokio::",
    "tracing::",
];

/// The parts of paths that are no test's own.
const ELSEWHERE: &[&str] = &[
    "/rustc/",
    "/.cargo/registry/",
    "/.cargo/git/",
    "/rustlib/src/",
];

/// A place in the code, and the thread that was there. It is looked up when it is shown.
pub(crate) struct Place {
    backtrace: Backtrace,
    thread: Option<String>,
    function: OnceLock<Option<String>>,
}

impl Place {
    /// Returns the place of the caller.
    pub(crate) fn here() -> Self {
        Self {
            backtrace: Backtrace::force_capture(),
            thread: std::thread::current().name().map(str::to_owned),
            function: OnceLock::new(),
        }
    }

    /// Returns the first function that is not this crate's or a runtime's, with its file and line.
    fn function(&self) -> Option<&str> {
        let found = self.function.get_or_init(|| match self.backtrace.status() {
            BacktraceStatus::Captured => own_frame(&self.backtrace.to_string()),
            _ => None,
        });
        found.as_deref()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.function() {
            Some(function) => write!(f, "{function}")?,
            None => f.write_str("a place that is not known")?,
        }
        match &self.thread {
            Some(thread) => write!(f, ", on the thread `{thread}`"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.function()).finish()
    }
}

/// Returns the first frame of a backtrace that is a test's own.
fn own_frame(backtrace: &str) -> Option<String> {
    let mut lines = backtrace.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((number, function)) = line.trim_start().split_once(": ") else {
            continue;
        };
        let at = lines.next_if(|next| next.trim_start().starts_with("at "));
        if number.parse::<u32>().is_err() {
            continue;
        }
        let function = function.trim_end_matches("::{{closure}}");
        let bare = function
            .trim_start_matches(['<', '&'])
            .trim_start_matches("mut ");
        if OTHERS.iter().any(|other| bare.starts_with(other)) {
            continue;
        }
        let Some(at) = at else {
            return Some(format!("`{function}`"));
        };
        let at = at.trim_start().trim_start_matches("at ");
        if ELSEWHERE.iter().any(|other| at.contains(other)) || is_this_crates(at) {
            continue;
        }
        // Without the column.
        let at = at.rsplit_once(':').map_or(at, |(at, _)| at);
        let at = at.trim_start_matches("./");
        // An async body has no name of its own.
        return Some(match function.starts_with('{') {
            true => format!("`{at}`"),
            false => format!("`{function}` ({at})"),
        });
    }
    None
}

/// Returns whether a file is one of this crate's; backtraces have paths below the present directory relative to that.
fn is_this_crates(at: &str) -> bool {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let path = std::env::current_dir().unwrap_or_default().join(at);
    let path: PathBuf = path.components().collect();
    path.starts_with(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_frame_that_is_the_tests_own_is_found() {
        let backtrace = "   0: diesel_routing::testing::place::Place::here
             at ./src/testing/place.rs:40:24
   1: <diesel_routing::engine::Session<C> as Any>::poll
             at ~/.cargo/registry/src/x/diesel-routing-0.1.0/src/lib.rs:1:1
   2: <core::pin::Pin<P> as core::future::future::Future>::poll
             at /rustc/1234/library/core/src/future/future.rs:125:9
   3: orders::tests::an_order_is_placed::{{closure}}
             at ./tests/orders.rs:31:40
   4: tokio::runtime::park::CachedParkThread::block_on
             at ~/.cargo/registry/src/x/tokio-1.54.1/src/runtime/park.rs:284:63";
        let found = own_frame(backtrace);
        assert_eq!(
            found.as_deref(),
            Some("`orders::tests::an_order_is_placed` (tests/orders.rs:31)")
        );
        let async_body = "   0: {async_fn#0}<diesel_async::pg::AsyncPgConnection>
             at ./src/asynchronous/../flavours/test_pool.rs:128:9
   1: {async_block#0}
             at ./tests/orders.rs:31:40";
        assert_eq!(
            own_frame(async_body).as_deref(),
            Some("`tests/orders.rs:31`")
        );
        let without_lines = "   0: diesel_routing::a\n   1: orders::place\n   2: std::rt::b";
        assert_eq!(own_frame(without_lines).as_deref(), Some("`orders::place`"));
        assert_eq!(own_frame("   0: std::rt::b"), None);
    }
}
