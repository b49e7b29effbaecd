use std::fs;
use std::sync::Arc;
use std::time::Duration;

use super::node::Context;
use super::observe::lsn;
use super::postmaster::release_memory;
use super::settings;
use super::url;
use super::{PgClusterBuilder, PgNode};
use crate::server::Deadline;
use crate::{Address, ServerError, Target};

/// A PostgreSQL primary and its streaming standbys, on this machine, for one test.
///
/// Dropping it ends the servers and removes their files, also when a test panics. When the process
/// is killed, a small watchdog does the same; should that be killed too, the next start does.
///
/// All methods block and work inside an async test as well.
///
/// # Example
///
/// ```no_run
/// use diesel_routing_testkit::PgCluster;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
/// let cluster = PgCluster::builder().standbys(2).start()?;
/// cluster.primary().execute("CREATE TABLE settings (user_id int, theme text)")?;
/// cluster.wait_until_caught_up(Duration::from_secs(5))?;
///
/// cluster.standby(0).pause_replay()?;
/// cluster.primary().execute("INSERT INTO settings VALUES (1, 'dark')")?;
/// // What your code reads through `cluster.standby(0).url()` is now certain to be old.
/// assert_eq!(cluster.standby(0).query_value("SELECT theme FROM settings")?, None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "its servers stop, and its files go, when it is dropped"]
pub struct PgCluster {
    nodes: Vec<PgNode>,
    context: Arc<Context>,
}

impl PgCluster {
    /// Begins a cluster of a primary alone; add standbys to it.
    pub fn builder() -> PgClusterBuilder {
        PgClusterBuilder::new()
    }

    pub(super) fn new(nodes: Vec<PgNode>, context: Arc<Context>) -> Self {
        Self { nodes, context }
    }

    /// Returns all nodes: node 0 was the first primary.
    #[must_use]
    pub fn nodes(&self) -> &[PgNode] {
        &self.nodes
    }

    /// Returns node `index`.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    #[must_use]
    pub fn node(&self, index: usize) -> &PgNode {
        &self.nodes[index]
    }

    /// Returns the present primary: node 0 until the kit promotes another.
    #[must_use]
    pub fn primary(&self) -> &PgNode {
        self.node(self.context.topology.primary())
    }

    /// Returns node `index + 1`: a standby until it is promoted.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    #[must_use]
    pub fn standby(&self, index: usize) -> &PgNode {
        self.node(index + 1)
    }

    /// Returns every node but node 0.
    #[must_use]
    pub fn standbys(&self) -> &[PgNode] {
        self.nodes.get(1..).unwrap_or_default()
    }

    /// Opens an address in front of `targets`, which are nodes of this cluster (or of another one of its
    /// kind), or their proxies; by default, each in its turn.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] without a target, or with one that is no PostgreSQL server;
    /// [`ServerError::Io`] when no loopback port can be opened.
    pub fn address(
        &self,
        targets: impl IntoIterator<Item = impl Into<Target>>,
    ) -> Result<Address, ServerError> {
        Address::new(url::PROTOCOL, targets)
    }

    /// Waits until every running standby that the primary feeds, directly or through other standbys,
    /// has replayed the primary's present position.
    ///
    /// # Errors
    ///
    /// [`ServerError::Timeout`] naming the standby that is behind, as a paused one will be.
    pub fn wait_until_caught_up(&self, limit: Duration) -> Result<(), ServerError> {
        let deadline = Deadline::after(limit);
        let primary = self.primary();
        let condition = format!(
            "SELECT pg_last_wal_replay_lsn() >= '{}'",
            lsn(primary.position()?)
        );
        for standby in &self.nodes {
            if standby.is_running()
                && self
                    .context
                    .topology
                    .is_fed_by(standby.index, primary.index)
            {
                standby.until(&condition, "catching up with the primary", deadline)?;
            }
        }
        Ok(())
    }

    /// Cuts the network between node `index` and the node it follows. The standby stays up, tries to
    /// reconnect, and falls behind: nothing written after this returned reaches it.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] for a node that never was a standby, [`ServerError::Io`].
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
    /// use diesel_routing_testkit::PgCluster;
    ///
    /// let cluster = PgCluster::builder().standbys(2).start()?;
    /// cluster.delay_replication(0, Duration::from_millis(100))?;
    /// cluster.hang_replication(0)?; // the connection is there, and nothing comes
    /// cluster.cut_replication(1)?;
    /// cluster.restore_replication(1)?;
    ///
    /// let second = cluster.split_brain(1)?; // two nodes take writes now
    /// println!("{} of {} is a primary too", second.name(), cluster.nodes().len());
    /// cluster.rebuild(1)?;
    /// cluster.repoint(1, 0)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cut_replication(&self, index: usize) -> Result<(), ServerError> {
        self.node(index).link("cut its replication")?.cut()
    }

    /// Makes the network between node `index` and the node it follows swallow everything, while both
    /// still believe to be connected.
    ///
    /// # Errors
    ///
    /// As [`cut_replication`](Self::cut_replication).
    pub fn hang_replication(&self, index: usize) -> Result<(), ServerError> {
        self.node(index).link("let its replication hang")?.hang()
    }

    /// Makes what goes between node `index` and the node it follows take `delay` each way, as between two regions.
    ///
    /// # Errors
    ///
    /// As [`cut_replication`](Self::cut_replication).
    pub fn delay_replication(&self, index: usize, delay: Duration) -> Result<(), ServerError> {
        self.node(index)
            .link("delay its replication")?
            .set_delay(delay);
        Ok(())
    }

    /// Undoes [`cut_replication`](Self::cut_replication) and
    /// [`hang_replication`](Self::hang_replication). A cut standby reconnects within 0.1 s.
    ///
    /// # Errors
    ///
    /// As [`cut_replication`](Self::cut_replication).
    pub fn restore_replication(&self, index: usize) -> Result<(), ServerError> {
        self.node(index).link("restore its replication")?.restore()
    }

    /// Makes standby `index` follow node `to` from now on, without a restart.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] when `index` is no standby, or `to` is fed by it.
    pub fn repoint(&self, index: usize, to: usize) -> Result<(), ServerError> {
        const STEP: &str = "follow another node";
        let (node, to) = (self.node(index), self.node(to));
        if index == to.index || self.context.topology.is_fed_by(to.index, index) {
            return Err(node
                .server
                .refused(STEP, format!("{} is fed by it", to.name())));
        }
        if !node.data_dir().join("standby.signal").exists() {
            return Err(node
                .server
                .refused(STEP, "it is no standby; `rebuild` makes it one"));
        }
        node.follow(to)
    }

    /// Promotes standby `index` while the primary goes on: two nodes that take writes, with one
    /// history up to here. Returns the promoted node, which is [`primary`](Self::primary) now.
    ///
    /// # Errors
    ///
    /// Those of [`PgNode::promote`]; [`ServerError::NotRunning`] when the primary is down.
    pub fn split_brain(&self, index: usize) -> Result<&PgNode, ServerError> {
        let old = self.primary();
        if !old.is_running() {
            return Err(old.server.not_running("go on beside a second primary"));
        }
        let promoted = self.node(index);
        promoted.promote()?;
        Ok(promoted)
    }

    /// Throws node `index` away, running or not, and makes it a standby of the present primary again
    /// from a fresh base backup, behind the same URL.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] for the primary itself; [`ServerError::Program`] when the backup fails.
    pub fn rebuild(&self, index: usize) -> Result<(), ServerError> {
        let (node, primary) = (self.node(index), self.primary());
        if index == primary.index {
            return Err(node.server.refused(
                "be rebuilt",
                "it is the primary; promote another node first",
            ));
        }
        node.kill()?;
        let Context {
            binaries,
            account,
            host,
            workspace,
            limit,
            ..
        } = &*self.context;
        release_memory(node.data_dir(), host);
        fs::remove_dir_all(node.data_dir()).map_err(ServerError::io("remove", node.data_dir()))?;
        account.private_dir(node.data_dir())?;

        let mut backup = binaries.command("pg_basebackup", *account);
        backup
            .args([
                "--wal-method=stream",
                "--checkpoint=fast",
                "--no-sync",
                "--pgdata",
            ])
            .arg(node.data_dir())
            .args(["--dbname", &primary.url_for("postgres", "postgres")]);
        let log = workspace.path().join(format!("{}.backup.log", node.name()));
        host.run("pg_basebackup", backup, &log, *limit)?;
        settings::write_access(node.data_dir(), *account)?;
        node.mark_standby()?;
        node.follow(primary)?;
        node.link("follow the primary")?.restore()?;
        node.start()
    }
}

impl Drop for PgCluster {
    fn drop(&mut self) {
        self.context.workspace.close();
    }
}
