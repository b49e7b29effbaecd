use std::fs;
use std::sync::Arc;
use std::time::Duration;

use super::node::Context;
use super::url;
use super::{MariaClusterBuilder, MariaNode};
use crate::server::{Deadline, Template};
use crate::{Address, ServerError, Target};

/// A MariaDB primary and its replicas, which follow it by GTID, on this machine, for one test. With a
/// MySQL server in its place, the same.
///
/// Dropping it ends the servers and removes their files, also when a test panics. When the process
/// is killed, a small watchdog does the same; should that be killed too, the next start does.
///
/// The servers listen on the loopback interface, where everybody on this machine reaches them.
///
/// All methods block and work inside an async test as well.
///
/// # Example
///
/// ```no_run
/// use diesel_routing_testkit::MariaCluster;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
/// let cluster = MariaCluster::builder().replicas(2).start()?;
/// cluster.primary().execute("CREATE TABLE settings (user_id INT, theme TEXT)")?;
/// cluster.wait_until_caught_up(Duration::from_secs(5))?;
///
/// cluster.replica(0).pause_replay()?;
/// cluster.primary().execute("INSERT INTO settings VALUES (1, 'dark')")?;
/// // What your code reads through `cluster.replica(0).url()` is now certain to be old.
/// assert_eq!(cluster.replica(0).query_value("SELECT theme FROM settings")?, None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "its servers stop, and its files go, when it is dropped"]
pub struct MariaCluster {
    nodes: Vec<MariaNode>,
    context: Arc<Context>,
    template: Template,
}

impl MariaCluster {
    /// Begins a cluster of a primary alone; add replicas to it.
    pub fn builder() -> MariaClusterBuilder {
        MariaClusterBuilder::new()
    }

    pub(super) fn new(nodes: Vec<MariaNode>, context: Arc<Context>, template: Template) -> Self {
        Self {
            nodes,
            context,
            template,
        }
    }

    /// Returns all nodes: node 0 was the first primary.
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

    /// Returns the present primary: node 0 until the kit promotes another.
    #[must_use]
    pub fn primary(&self) -> &MariaNode {
        self.node(self.context.topology.primary())
    }

    /// Returns node `index + 1`: a replica until it is promoted.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    #[must_use]
    pub fn replica(&self, index: usize) -> &MariaNode {
        self.node(index + 1)
    }

    /// Returns every node but node 0.
    #[must_use]
    pub fn replicas(&self) -> &[MariaNode] {
        self.nodes.get(1..).unwrap_or_default()
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

    /// Waits until every running replica that the primary feeds, directly or through other replicas,
    /// has applied what the primary has written to its binary log.
    ///
    /// # Errors
    ///
    /// [`ServerError::Timeout`] naming the replica that is behind, as a paused one will be.
    pub fn wait_until_caught_up(&self, limit: Duration) -> Result<(), ServerError> {
        const STEP: &str = "catching up with the primary";
        let deadline = Deadline::after(limit);
        let primary = self.primary();
        let flavour = primary.flavour();
        let written = primary.value(&format!("SELECT {}", flavour.written()), STEP)?;
        let written = written.unwrap_or_default().replace('\n', "");
        let condition = format!("SELECT {}", flavour.covers(&written));
        let topology = &self.context.topology;
        for replica in &self.nodes {
            if replica.is_running() && topology.is_fed_by(replica.index, primary.index) {
                replica.until(&condition, STEP, deadline)?;
            }
        }
        Ok(())
    }

    /// Cuts the network between node `index` and the node it follows. The replica stays up, tries to
    /// reconnect, and falls behind: nothing written after this returned reaches it.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] for a node that never was a replica, [`ServerError::Io`].
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
    /// use diesel_routing_testkit::MariaCluster;
    ///
    /// let cluster = MariaCluster::builder().replicas(2).start()?;
    /// cluster.delay_replication(0, Duration::from_millis(100))?;
    /// cluster.hang_replication(0)?; // the connection is there, and nothing comes
    /// cluster.cut_replication(1)?;
    /// cluster.restore_replication(1)?;
    /// cluster.break_replay(1)?; // a row of its own, in the way of the next one
    /// cluster.replica(1).mend_replay()?;
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

    /// Puts a distance between node `index` and the node it follows: commits reach it `delay` later, by the millisecond, where
    /// [`MariaNode::set_apply_delay`] knows whole seconds. Zero ends it.
    ///
    /// # Errors
    ///
    /// As [`cut_replication`](Self::cut_replication).
    pub fn delay_replication(&self, index: usize, delay: Duration) -> Result<(), ServerError> {
        let link = self.node(index).link("delay its replication")?;
        link.set_delay(delay);
        Ok(())
    }

    /// Undoes [`cut_replication`](Self::cut_replication) and
    /// [`hang_replication`](Self::hang_replication). A cut replica reconnects within a second or two.
    ///
    /// # Errors
    ///
    /// As [`cut_replication`](Self::cut_replication).
    pub fn restore_replication(&self, index: usize) -> Result<(), ServerError> {
        self.node(index).link("restore its replication")?.restore()
    }

    /// Makes the SQL thread of replica `index` end with an error, as
    /// [`replay_error`](MariaNode::replay_error) says then: it meets a row that it has already, in a
    /// database of the kit. [`mend_replay`](MariaNode::mend_replay) undoes it.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] for the primary; [`ServerError::Timeout`] when the replica does not
    /// apply that far.
    pub fn break_replay(&self, index: usize) -> Result<(), ServerError> {
        self.node(index).break_replay(self.primary())
    }

    /// Makes replica `index` follow node `to` from now on, without a restart.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] when `index` is no replica, or `to` is fed by it.
    pub fn repoint(&self, index: usize, to: usize) -> Result<(), ServerError> {
        const STEP: &str = "follow another node";
        let (node, to) = (self.node(index), self.node(to));
        if index == to.index || self.context.topology.is_fed_by(to.index, index) {
            return Err(node
                .server
                .refused(STEP, format!("{} is fed by it", to.name())));
        }
        if node.status(STEP)?.is_none() {
            let reason = "it is no replica; `rebuild` makes it one";
            return Err(node.server.refused(STEP, reason));
        }
        node.follow(to)
    }

    /// Promotes replica `index` while the primary goes on: two nodes that take writes, with one
    /// history up to here. Returns the promoted node, which is [`primary`](Self::primary) now.
    ///
    /// # Errors
    ///
    /// Those of [`MariaNode::promote`]; [`ServerError::NotRunning`] when the primary is down.
    pub fn split_brain(&self, index: usize) -> Result<&MariaNode, ServerError> {
        let old = self.primary();
        if !old.is_running() {
            return Err(old.server.not_running("go on beside a second primary"));
        }
        let promoted = self.node(index);
        promoted.promote()?;
        Ok(promoted)
    }

    /// Throws node `index` away, running or not, and makes it a replica of the present primary again,
    /// behind the same URL: from the state at the cluster's start, to which it applies everything that
    /// the primary has in its binary logs. It gets another server id, as a server skips events with its
    /// own.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] for the primary itself; what stops the server from starting.
    pub fn rebuild(&self, index: usize) -> Result<(), ServerError> {
        let (node, primary) = (self.node(index), self.primary());
        if index == primary.index {
            return Err(node.server.refused(
                "be rebuilt",
                "it is the primary; promote another node first",
            ));
        }
        node.kill()?;
        let data = node.data_dir();
        fs::remove_dir_all(data).map_err(ServerError::io("remove", data))?;
        self.context.account.private_dir(data)?;
        self.template.copy_to(data)?;
        node.become_another();
        node.start()?;
        if let Some(link) = node.link.get() {
            link.restore()?;
        }
        node.follow(primary)?;
        node.wait_connected()
    }

    pub(super) fn template(&self) -> &Template {
        &self.template
    }
}

impl Drop for MariaCluster {
    fn drop(&mut self) {
        self.context.workspace.close();
    }
}
