//! Checkouts of routers in use, and those that failed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use diesel_routing::Error;

/// The checkouts of all routers together.
#[derive(Debug, Default)]
pub(crate) struct Checkouts(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    all: u64,
    /// By what went wrong.
    failed: BTreeMap<String, u64>,
}

impl Checkouts {
    /// Counts a checkout.
    pub(crate) fn note<T>(&self, outcome: Result<T, Error>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all += 1;
        if let Err(error) = outcome {
            *counts.failed.entry(name(&error)).or_default() += 1;
        }
    }

    /// Returns how many failed.
    pub(crate) fn failed(&self) -> u64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.failed.values().sum()
    }
}

/// A line for each thing that went wrong; nothing if all went well.
impl fmt::Display for Checkouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (error, count) in &counts.failed {
            writeln!(f, "  FAILED: {count} of {} checkouts: {error}", counts.all)?;
        }
        Ok(())
    }
}

/// Returns what went wrong, with all causes, and without how long it took: the same each time.
fn name(error: &Error) -> String {
    let what = match error {
        Error::Checkout { node, step, .. } => format!("node `{node}`, step {step}"),
        other => other.to_string(),
    };
    let first = std::error::Error::source(error);
    let causes = std::iter::successors(first, |&cause| cause.source());
    causes.fold(what, |name, cause| format!("{name}: {cause}"))
}
