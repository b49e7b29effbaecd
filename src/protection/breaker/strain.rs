//! `Strain`: how strained the primary is, and what it serves then.

use std::fmt;

use crate::consistency::Priority;
use crate::routing::{Level, Reason};

/// How strained the primary is, by its [breaker](crate::Breaker), and what becomes of reads that would go there. Replicas serve as
/// ever; writes, and reads at [`Level::Strong`](crate::Level), always go to the primary and never elsewhere.
///
/// | reads that would go to the primary | `Strained` | `Open` |
/// |---|---|---|
/// | of a class of [low priority](crate::Priority) | refused | refused |
/// | which a replica could serve, were it up or further: `Fallback`, `NotCaughtUp`, `TooStale`, `CapturePending` | wait for one, then refused | the same |
/// | which only the primary can serve now: `RecentWrite`, `StateUnknown`, `OldHistory`, `NoSession`, `NoReplica` | served | refused |
/// | of a class of high priority | served | refused |
///
/// Refused is [`Error::Shed`](crate::Error::Shed), which says when to try again. While it is `Open`, a write or strong read waits no
/// longer for a connection than a [node's share](crate::RouterBuilder::node_share).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Strain {
    /// It serves all.
    #[default]
    Normal,
    /// It serves writes, strong reads, and what nobody else can.
    Strained,
    /// It serves writes and strong reads.
    Open,
}

impl Strain {
    pub(crate) const ALL: [Self; 3] = [Self::Normal, Self::Strained, Self::Open];

    /// Returns a stable, lower-case name, for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Strained => "strained",
            Self::Open => "open",
        }
    }

    /// Returns the next lower one.
    pub(crate) fn relieved(self) -> Self {
        match self {
            Self::Open => Self::Strained,
            Self::Strained | Self::Normal => Self::Normal,
        }
    }

    /// Returns whether a request is refused that was decided on for this reason.
    #[inline]
    pub(crate) fn sheds(self, level: Level, priority: Priority, reason: Reason) -> bool {
        if self == Self::Normal || !reason.is_for_primary() || reason.is_the_primarys() {
            return false;
        }
        if matches!(level, Level::Write | Level::Strong) {
            return false;
        }
        match (self, priority) {
            (Self::Open, _) | (_, Priority::Low) => true,
            (_, Priority::High) => false,
            (_, Priority::Normal) => matches!(
                reason,
                Reason::Fallback
                    | Reason::NotCaughtUp
                    | Reason::TooStale
                    | Reason::CapturePending
                    | Reason::PrimaryShare
            ),
        }
    }
}

impl fmt::Display for Strain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
