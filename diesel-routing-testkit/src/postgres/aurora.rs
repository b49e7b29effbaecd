use super::PgCluster;
use crate::ServerError;

/// The functions that only Aurora has, over those that it lacks, which fail for all accounts but superusers.
const SQL: &str = include_str!("aurora.sql");

/// Aurora's names, over real replication.
impl PgCluster {
    /// Makes the servers answer as instances of Aurora PostgreSQL do, in database `app`, as far as its documentation and its
    /// users say: `aurora_db_instance_identifier()`, `aurora_replica_status()` and `aurora_version()` are there, and the
    /// functions that tell positions fail ("is currently not supported for Aurora"). **It is not the real service.**
    ///
    /// An instance's id is the node's [name](super::PgNode::name), and a standby's lag is real. What else an instance says
    /// can be [`set`](super::PgNode::set) on its node:
    ///
    /// | setting | what | default |
    /// |---|---|---|
    /// | `aurora.instances` | the instances that it lists, with commas | all nodes |
    /// | `aurora.writer` | the writer that a reader lists, itself for one that was promoted | the primary |
    /// | `aurora.former_writer` | another writer, whose row is two minutes old | |
    /// | `aurora.writer_age` | the age of the writer's row on a reader, in seconds, or `null` | 0.1 |
    /// | `aurora.lag` | the own lag of a reader, in milliseconds, or `null` | the real one |
    /// | `aurora.reader_age` | the age of other readers' rows, in seconds | 0.1 |
    /// | `aurora.fails` | `on`: the status fails | |
    ///
    /// Returns once all standbys have the functions.
    ///
    /// # Errors
    ///
    /// [`ServerError::Sql`], and those of [`set`](super::PgNode::set) and
    /// [`wait_until_caught_up`](Self::wait_until_caught_up).
    pub fn simulate_aurora(&self) -> Result<(), ServerError> {
        let names: Vec<_> = self.nodes().iter().map(|node| node.name()).collect();
        for node in self.nodes() {
            node.set("aurora.instance", node.name())?;
            node.set("aurora.instances", &names.join(","))?;
            node.set("aurora.writer", self.primary().name())?;
        }
        self.primary().admin_execute(SQL)?;
        self.wait_until_caught_up(self.primary().context.limit)
    }
}
