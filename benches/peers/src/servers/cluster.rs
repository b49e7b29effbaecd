//! What the bench needs of a cluster of the test kit.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use diesel_routing_testkit::{Address, Proxy};

/// A primary, which is node 0, and its replicas, of whichever kind.
pub(crate) trait Cluster: Debug + Send + Sync {
    /// Returns where a node listens.
    fn place(&self, node: usize) -> Result<SocketAddr>;

    /// Returns the relay in front of a node.
    fn proxy(&self, node: usize) -> Result<Arc<Proxy>>;

    /// Opens an address in front of a program.
    fn way_to(&self, program: SocketAddr) -> Result<Address>;

    /// Opens an address in front of all replicas.
    fn way_to_replicas(&self) -> Result<Address>;

    /// Waits until the replicas have all that was written.
    fn settle(&self, limit: Duration) -> Result<()>;

    /// Makes a replica, counted from 0, apply commits that late.
    fn lag(&self, replica: usize, lag: Duration) -> Result<()>;

    /// Makes a replica apply nothing more.
    fn pause(&self, replica: usize) -> Result<()>;

    /// Undoes [`pause`](Self::pause).
    fn resume(&self, replica: usize) -> Result<()>;

    /// Returns how many reads of the workload a node has run, as it counts them: later answers may be compared with this one,
    /// which may start from any number.
    fn reads(&self, node: usize) -> Result<i64>;

    /// Returns the process ids of the servers.
    fn pids(&self) -> Vec<u32>;

    /// Returns a directory of the account that the servers run as.
    fn data_dir(&self) -> &Path;
}
