//! What servers say of their replication.

use std::time::Duration;

/// The state of a replica's replication, as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Replication {
    /// Set if it has a source at all.
    pub(crate) has_source: bool,
    /// Set if it receives from its source.
    pub(crate) receives: Option<bool>,
    pub(crate) receive_error: Option<String>,
    /// Set if it applies what it has received.
    pub(crate) applies: Option<bool>,
    pub(crate) apply_error: Option<String>,
    /// Set if it finds its place in its source's log by GTID.
    pub(crate) by_gtid: Option<bool>,
    /// The time that it waits before it applies a commit, on purpose.
    pub(crate) delay: Duration,
    /// The slot that holds back what it has not received.
    pub(crate) slot: Option<String>,
    /// The filters by which it leaves something out.
    pub(crate) filters: Vec<String>,
}

impl Replication {
    /// Returns whether it receives and applies, as far as that is known.
    pub(crate) fn runs(&self) -> bool {
        self.receives != Some(false) && self.applies != Some(false)
    }
}

/// The lag of a replica, as measured: the primary's position was read, and then waited for on the replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lag {
    /// It was there after so long.
    Within(Duration),
    /// It was not there after so long, and the newest commit that it has is so old.
    Beyond {
        waited: Duration,
        age: Option<Duration>,
    },
}

/// The server that a node replicates from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Upstream {
    pub(crate) address: Option<String>,
    /// The node that it is, if it is one of the configuration's.
    pub(crate) node: Option<String>,
    /// Its `server_id`, on MySQL and MariaDB.
    pub(crate) server_id: Option<String>,
}

/// A replica, as its source lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standby {
    pub(crate) name: String,
    pub(crate) is_synchronous: bool,
    pub(crate) streams: bool,
}

/// A replication slot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) is_active: bool,
    pub(crate) is_logical: bool,
    /// PostgreSQL's `wal_status`: `reserved`, `extended`, `unreserved`, `lost`.
    pub(crate) status: String,
    /// The bytes of WAL that are kept for it.
    pub(crate) retained: Option<u64>,
}

/// A subscription of a logical subscriber.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) name: String,
    pub(crate) is_enabled: bool,
    pub(crate) runs: bool,
}

/// The state of a Galera node's cluster, as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Galera {
    /// `Synced`, `Donor/Desynced`, `Joined` ..
    pub(crate) state: String,
    /// `Primary`: it has a quorum.
    pub(crate) status: String,
    pub(crate) is_ready: bool,
    pub(crate) size: u32,
}

impl Galera {
    /// Returns whether the node is of use.
    pub(crate) fn is_well(&self) -> bool {
        self.state == "Synced" && self.status == "Primary" && self.is_ready
    }
}
