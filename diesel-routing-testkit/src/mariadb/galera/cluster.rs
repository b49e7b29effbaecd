use std::sync::Arc;
use std::time::Duration;

use super::super::node::Context;
use super::super::url;
use super::GaleraClusterBuilder;
use super::options::Ports;
use crate::server::Deadline;
use crate::{Address, MariaNode, ServerError, Target};

/// A MariaDB Galera cluster on this machine, for one test: every node takes writes.
///
/// A commit is ordered and checked for conflicts on all nodes before it returns, and applied on the
/// others soon after: without `wsrep_sync_wait`, a read elsewhere may still miss it.
/// [`MariaNode::lock_table`] makes that last as long as a test likes.
///
/// The nodes replicate to each other, not by GTID: what [`MariaNode`] has for replicas (`pause_replay`,
/// `promote` and so on) is refused here. [`kill`](MariaNode::kill), [`freeze`](MariaNode::freeze),
/// [`start`](MariaNode::start) and the [proxy](MariaNode::proxy) work as elsewhere. The others take
/// about two seconds to find out that a node is gone.
///
/// Dropping it ends the servers and removes their files, as with
/// [`MariaCluster`](crate::MariaCluster). All methods block and work inside an async test as
/// well.
///
/// # Example
///
/// ```no_run
/// use diesel_routing_testkit::GaleraCluster;
///
/// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
/// let cluster = GaleraCluster::builder().nodes(2).start()?;
/// cluster.node(0).execute("CREATE TABLE n (n INT PRIMARY KEY); INSERT INTO n VALUES (1)")?;
///
/// let other = cluster.node(1);
/// assert_eq!(other.query_value("SET wsrep_sync_wait = 1; SELECT n FROM n")?.as_deref(), Some("1"));
/// let lock = other.lock_table("n")?;
/// cluster.node(0).execute("UPDATE n SET n = 2")?;
/// // What your code reads through `other.url()` is now certain to be old, unless it waits.
/// assert_eq!(other.query_value("SELECT n FROM n")?.as_deref(), Some("1"));
/// drop(lock);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "its servers stop, and its files go, when it is dropped"]
pub struct GaleraCluster {
    nodes: Vec<MariaNode>,
    context: Arc<Context>,
    /// Held for as long as the nodes may come back to them.
    _ports: Vec<Ports>,
}

impl GaleraCluster {
    /// Begins a cluster of three nodes, unless it is told otherwise.
    pub fn builder() -> GaleraClusterBuilder {
        GaleraClusterBuilder::new()
    }

    pub(super) fn new(nodes: Vec<MariaNode>, context: Arc<Context>, ports: Vec<Ports>) -> Self {
        Self {
            nodes,
            context,
            _ports: ports,
        }
    }

    /// Returns all nodes.
    #[must_use]
    pub fn nodes(&self) -> &[MariaNode] {
        &self.nodes
    }

    /// Returns node `index`.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    #[must_use]
    pub fn node(&self, index: usize) -> &MariaNode {
        &self.nodes[index]
    }

    /// Opens an address in front of `targets`, which are nodes of this cluster (or of another one of its
    /// kind), or their proxies; by default, each in its turn.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] without a target, or with one that is no MariaDB or MySQL server;
    /// [`ServerError::Io`] when no loopback port can be opened.
    pub fn address(
        &self,
        targets: impl IntoIterator<Item = impl Into<Target>>,
    ) -> Result<Address, ServerError> {
        Address::new(url::PROTOCOL, targets)
    }

    /// Waits until every running node has applied what any of them has committed so far.
    ///
    /// # Errors
    ///
    /// [`ServerError::Timeout`] naming the node that is behind.
    pub fn wait_until_caught_up(&self, limit: Duration) -> Result<(), ServerError> {
        const STEP: &str = "catching up with the cluster";
        let deadline = Deadline::after(limit);
        let running = || self.nodes.iter().filter(|node| node.is_running());
        let committed = |node: &MariaNode| -> Result<u64, ServerError> {
            let number = node.server_status("wsrep_last_committed")?;
            Ok(number.and_then(|number| number.parse().ok()).unwrap_or(0))
        };
        let newest = running().map(committed).collect::<Result<Vec<_>, _>>()?;
        let newest = newest.into_iter().max().unwrap_or(0);
        for node in running() {
            let done = deadline.poll(|| Ok((committed(node)? >= newest).then_some(())))?;
            done.ok_or_else(|| node.server.timeout_after(STEP, limit))?;
        }
        Ok(())
    }

    /// Returns the state of node `index` in its own words: `Synced`, `Donor/Desynced`, `Joining`, and
    /// `Initialized` when it has no quorum.
    ///
    /// # Errors
    ///
    /// [`ServerError::Sql`] or [`ServerError::Timeout`] when the server does not answer.
    pub fn state(&self, index: usize) -> Result<String, ServerError> {
        let state = self
            .node(index)
            .server_status("wsrep_local_state_comment")?;
        Ok(state.unwrap_or_default())
    }

    /// Returns how many nodes node `index` sees, itself included.
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state).
    pub fn size(&self, index: usize) -> Result<usize, ServerError> {
        let size = self.node(index).server_status("wsrep_cluster_size")?;
        Ok(size.and_then(|size| size.parse().ok()).unwrap_or(0))
    }

    /// Waits until node `index` sees `size` nodes, itself included.
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state).
    pub fn wait_for_size(&self, index: usize, size: usize) -> Result<(), ServerError> {
        const STEP: &str = "agreeing on the cluster's size";
        self.wait(index, STEP, || Ok(self.size(index)? == size))
    }

    /// Cuts node `index` off from the others, and waits until it knows. It has no quorum then, stays up,
    /// and refuses statements (error 1047). The others go on if they are more than half.
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
    /// use diesel_routing_testkit::GaleraCluster;
    ///
    /// let cluster = GaleraCluster::builder().nodes(3).start()?;
    /// cluster.isolate(2)?; // alone, it refuses to serve
    /// cluster.wait_for_size(0, 2)?;
    /// println!("{} nodes; node 2 is {}", cluster.size(0)?, cluster.state(2)?);
    /// cluster.rejoin(2)?;
    /// cluster.wait_until_caught_up(Duration::from_secs(10))?;
    ///
    /// cluster.reject_queries(1)?;
    /// cluster.accept_queries(1)?;
    /// cluster.desync(1)?; // it may fall behind
    /// cluster.resync(1)?;
    ///
    /// for node in cluster.nodes() {
    ///     node.stop()?;
    /// }
    /// cluster.bootstrap(0)?;
    /// cluster.start_all()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn isolate(&self, index: usize) -> Result<(), ServerError> {
        const STEP: &str = "being cut off";
        self.provider_option(index, "gmcast.isolate=1", STEP)?;
        self.wait(index, STEP, || Ok(!self.is_primary(index)?))
    }

    /// Undoes [`isolate`](Self::isolate), and waits until the node is `Synced` again.
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state); [`ServerError::Timeout`] when there is nobody with a quorum to join.
    pub fn rejoin(&self, index: usize) -> Result<(), ServerError> {
        const STEP: &str = "joining the cluster again";
        self.provider_option(index, "gmcast.isolate=0", STEP)?;
        self.node(index).wait_synced(STEP)
    }

    /// Makes those that node `index` sees the cluster, though they are not more than half of it.
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state).
    pub fn bootstrap(&self, index: usize) -> Result<(), ServerError> {
        const STEP: &str = "making it the cluster";
        self.provider_option(index, "pc.bootstrap=1", STEP)?;
        self.node(index).wait_synced(STEP)
    }

    /// Makes node `index` one that others need not wait for: `Donor/Desynced`. It still applies what
    /// they commit, and answers everything.
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state).
    pub fn desync(&self, index: usize) -> Result<(), ServerError> {
        const STEP: &str = "leaving the state `Synced`";
        self.global(index, "wsrep_desync = ON", STEP)?;
        self.wait(index, STEP, || Ok(self.state(index)? != "Synced"))
    }

    /// Undoes [`desync`](Self::desync), and waits until the node is `Synced` again.
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state).
    pub fn resync(&self, index: usize) -> Result<(), ServerError> {
        const STEP: &str = "coming back to the state `Synced`";
        self.global(index, "wsrep_desync = OFF", STEP)?;
        self.node(index).wait_synced(STEP)
    }

    /// Makes node `index` refuse every statement that reads or writes a table (error 1047), while it
    /// stays `Synced`: a node in maintenance.
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state).
    pub fn reject_queries(&self, index: usize) -> Result<(), ServerError> {
        self.global(index, "wsrep_reject_queries = ALL", "refusing statements")
    }

    /// Undoes [`reject_queries`](Self::reject_queries).
    ///
    /// # Errors
    ///
    /// As [`state`](Self::state).
    pub fn accept_queries(&self, index: usize) -> Result<(), ServerError> {
        self.global(index, "wsrep_reject_queries = NONE", "taking statements")
    }

    /// Starts all nodes that are down, and waits until all are `Synced`: what it takes after all were
    /// killed, as none of them is a cluster alone.
    ///
    /// # Errors
    ///
    /// Those of [`MariaNode::start`].
    pub fn start_all(&self) -> Result<(), ServerError> {
        self.nodes.iter().try_for_each(|node| node.launch(&[]))?;
        self.nodes.iter().try_for_each(MariaNode::wait_ready)
    }

    fn is_primary(&self, index: usize) -> Result<bool, ServerError> {
        let status = self.node(index).server_status("wsrep_cluster_status")?;
        Ok(status.as_deref() == Some("Primary"))
    }

    fn provider_option(
        &self,
        index: usize,
        option: &str,
        step: &'static str,
    ) -> Result<(), ServerError> {
        self.global(index, &format!("wsrep_provider_options = '{option}'"), step)
    }

    fn global(
        &self,
        index: usize,
        assignment: &str,
        step: &'static str,
    ) -> Result<(), ServerError> {
        self.node(index)
            .run(&[format!("SET GLOBAL {assignment}")], step)
    }

    fn wait(
        &self,
        index: usize,
        step: &'static str,
        mut condition: impl FnMut() -> Result<bool, ServerError>,
    ) -> Result<(), ServerError> {
        let server = &self.node(index).server;
        let done = server.deadline().poll(|| Ok(condition()?.then_some(())))?;
        done.ok_or_else(|| server.timeout(step))
    }
}

impl Drop for GaleraCluster {
    fn drop(&mut self) {
        self.context.workspace.close();
    }
}
