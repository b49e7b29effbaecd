use std::collections::BTreeMap;

use super::MariaNode;
use super::flavour::Thread;
use crate::server::Endpoint;
use crate::{Proxy, ServerError};

/// The server's report on its replication, under MariaDB's names on either product.
pub(super) type Status = BTreeMap<String, String>;

/// Replication between nodes.
impl MariaNode {
    /// Makes the node replicate from `upstream`. Threads that run go on, those that were stopped stay
    /// so.
    pub(super) fn follow(&self, upstream: &Self) -> Result<(), ServerError> {
        const STEP: &str = "following another node";
        let link = self
            .link
            .get_or_try_init(|| Proxy::tcp(self.name(), upstream.into()))?;
        match self.status(STEP)? {
            None => {
                let Endpoint::Tcp(address) = link.endpoint() else {
                    return Err(self.server.refused(STEP, "its link is no port"));
                };
                link.set_target(upstream.into());
                let flavour = self.flavour();
                let statements = [
                    flavour.follow(address.port()),
                    flavour.start(Thread::Io),
                    flavour.start(Thread::Sql),
                ];
                self.run(&statements, STEP)?;
            }
            // Its address stays, so it is enough to let it ask the new one for its position.
            Some(status) => self.without_threads(&[Thread::Io], &status, STEP, || {
                link.set_target(upstream.into());
                Ok(Vec::new())
            })?,
        }
        self.context.topology.follow(self.index, upstream.index);
        Ok(())
    }

    /// Waits until the node receives, or says why it does not.
    pub(super) fn wait_connected(&self) -> Result<(), ServerError> {
        const STEP: &str = "connecting to the node it follows";
        let connected = self.server.deadline().poll(|| {
            let status = self.status(STEP)?.unwrap_or_default();
            let failed = status
                .get("Last_IO_Errno")
                .is_some_and(|number| number != "0");
            Ok((failed || is_yes(&status, Thread::Io)).then_some(()))
        })?;
        connected.ok_or_else(|| self.server.timeout(STEP))
    }

    /// Returns the network between this node and its upstream.
    pub(super) fn link(&self, step: &'static str) -> Result<&Proxy, ServerError> {
        self.link
            .get()
            .ok_or_else(|| self.server.refused(step, "it never followed another node"))
    }

    /// Asks a server for its status as a replica; `None` if it follows nobody.
    pub(super) fn status(&self, step: &'static str) -> Result<Option<Status>, ServerError> {
        let sql = self.flavour().status();
        let record = self.ask(step, |login, deadline| login.record(&sql, deadline))?;
        Ok(record.map(|record| {
            let renamed = record.into_iter().map(|(name, value)| {
                let name = name
                    .replace("Replica_", "Slave_")
                    .replace("Source_", "Master_");
                (name, value)
            });
            renamed.collect()
        }))
    }

    /// Asks a node that follows another for its status.
    pub(super) fn replica_status(&self, step: &'static str) -> Result<Status, ServerError> {
        self.status(step)?
            .ok_or_else(|| self.server.refused(step, "it follows no other node"))
    }

    /// Stops those of `threads` that run, does what `change` does and says, and starts them again.
    pub(super) fn without_threads(
        &self,
        threads: &[Thread],
        status: &Status,
        step: &'static str,
        change: impl FnOnce() -> Result<Vec<String>, ServerError>,
    ) -> Result<(), ServerError> {
        let flavour = self.flavour();
        let running: Vec<Thread> = threads
            .iter()
            .copied()
            .filter(|&thread| is_started(status, thread))
            .collect();
        let stop: Vec<String> = running.iter().map(|&thread| flavour.stop(thread)).collect();
        self.run(&stop, step)?;
        let mut statements = change()?;
        statements.extend(running.iter().map(|&thread| flavour.start(thread)));
        self.run(&statements, step)
    }
}

pub(super) fn is_yes(status: &Status, thread: Thread) -> bool {
    status
        .get(thread.column())
        .is_some_and(|state| state == "Yes")
}

/// Returns whether a thread runs, or tries to connect.
fn is_started(status: &Status, thread: Thread) -> bool {
    status
        .get(thread.column())
        .is_some_and(|state| state != "No")
}
