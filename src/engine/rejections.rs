//! Counts of rejected tokens, by reason.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Rejection;

/// A count for every reason.
#[derive(Debug, Default)]
pub(crate) struct Rejections([AtomicU64; Rejection::ALL.len()]);

impl Rejections {
    pub(crate) fn count(&self, rejection: Rejection) {
        tracing::debug!(
            reason = rejection.as_str(),
            "a session token is not honoured"
        );
        if let Some(count) = self.slot(rejection) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn of(&self, rejection: Rejection) -> u64 {
        self.slot(rejection)
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn slot(&self, rejection: Rejection) -> Option<&AtomicU64> {
        let index = Rejection::ALL.iter().position(|&one| one == rejection)?;
        self.0.get(index)
    }
}
