//! `Fallback`: what a read does where no replica may serve it.

use std::time::Duration;

/// The choice of the reads of a [class](crate::Class::fallback) where no replica may serve them. Reads that need the primary
/// anyway, and writes, go there whatever the class says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Fallback {
    /// They go to the primary. The default.
    // Not named `Primary`: compile errors print the role of that name without its path only while no other public item has it.
    #[default]
    ToPrimary,
    /// They wait up to this long for a replica that may serve them, also while none is up, and then go to the primary.
    Wait(Duration),
    /// They fail with [`Error::NoReplicaOfClass`](crate::Error::NoReplicaOfClass), so that the loss of its replicas does not
    /// put them on the primary. With [`Class::wait`](crate::Class::wait), after that wait.
    ///
    /// A session's read of what it has just written may still cost a round trip to the primary, which is asked how far its log is:
    /// without that, no replica can be known to have the write.
    Refuse,
}
