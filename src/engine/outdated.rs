//! Connections whose prepared statements are of an earlier schema.

use std::time::Instant;

use super::Pooled;

impl<C> Pooled<C> {
    /// Returns whether it was opened before a change of the schema that another connection of its pool has met since.
    #[inline]
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) fn is_outdated(&self) -> bool {
        self.usage.is_outdated(self.known.opened)
    }

    /// Has its pool lend no connection again that was opened before now: their prepared statements may be spoilt, too.
    #[cold]
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(super) fn outdate(&mut self, now: Instant) {
        // One that was open already says nothing new, and those that were opened since are good.
        if self.is_outdated() {
            return;
        }
        tracing::debug!(
            node = self.member.name,
            "the schema has changed: connections of the pool with prepared statements are replaced"
        );
        self.usage.outdate(now);
    }
}
