//! Counts of rejected tokens, by reason.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::error::Rejection;
use crate::observe::{AtMost, Event};

/// A count for every reason.
#[derive(Debug, Default)]
pub(crate) struct Rejections([Count; Rejection::ALL.len()]);

#[derive(Debug, Default)]
struct Count {
    tokens: AtomicU64,
    said: AtMost,
}

impl Rejections {
    pub(crate) fn count(&self, rejection: Rejection) {
        let Some(count) = self.slot(rejection) else {
            return;
        };
        count.tokens.fetch_add(1, Ordering::Relaxed);
        let Some(count) = count.said.count(Instant::now()) else {
            return;
        };
        let event = match rejection {
            // It happens to whoever comes back late.
            Rejection::Expired => Event::TokensExpired { count },
            _ => Event::TokensRejected {
                reason: rejection.as_str(),
                count,
            },
        };
        event.emit();
    }

    pub(crate) fn of(&self, rejection: Rejection) -> u64 {
        self.slot(rejection)
            .map_or(0, |count| count.tokens.load(Ordering::Relaxed))
    }

    fn slot(&self, rejection: Rejection) -> Option<&Count> {
        let index = Rejection::ALL.iter().position(|&one| one == rejection)?;
        self.0.get(index)
    }
}
