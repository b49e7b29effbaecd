//! `MigrationError`: migrations that did not run, or not to their end.

use std::time::Duration;

use diesel::migration::MigrationVersion;

use super::Source;
use super::words::brief;
use crate::engine::ReplicaReport;

/// The errors of migrations that a router runs: see
/// [`run_pending_migrations`](crate::Router#method.run_pending_migrations).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// Another instance runs migrations, and did not end in time. Nothing was run.
    #[error(
        "migrations run on node `{node}` already, and had not ended after {waited:?}: {holder}. Start again once they have, or \
         wait for longer (`Migrator::lock_timeout`); if they hang, end that connection, and the server releases the lock"
    )]
    Locked {
        /// The primary's name, as configured.
        node: String,
        /// The time that the lock was waited for.
        waited: Duration,
        /// The connection that has the lock, as far as the server tells.
        holder: String,
    },

    /// The source of the migrations cannot be read: a directory that is not there, or a name without a version.
    #[error("the migrations cannot be read: {}", brief(source.as_ref()))]
    Unreadable {
        /// The source's error.
        source: Source,
    },

    /// The primary does not tell which migrations have run. Nothing was run.
    #[error(
        "node `{node}` does not tell which migrations have run ({}): the account must be able to create and read the table \
         `__diesel_schema_migrations`",
        brief(source.as_ref())
    )]
    History {
        /// The primary's name, as configured.
        node: String,
        /// The database's error.
        source: Source,
    },

    /// A migration failed. Those before it are done and those after it were not begun.
    #[error(
        "migration `{migration}` {} on node `{node}`: {}. {remains}.{}{}",
        if *reverts { "was not reverted" } else { "failed" },
        without_name(source.as_ref()),
        listed(" Done before it: ", ran, "."),
        listed(" Still to do: ", left, ".")
    )]
    Failed {
        /// The primary's name, as configured.
        node: String,
        /// The migration's name, with its version.
        migration: Box<str>,
        /// Its version.
        version: MigrationVersion<'static>,
        /// Set if it was to be reverted.
        reverts: bool,
        /// The parts of it that the database may have kept.
        remains: MigrationRemains,
        /// The versions that were run, or reverted, before it.
        ran: Box<[MigrationVersion<'static>]>,
        /// The names of the migrations that were to follow.
        left: Box<[String]>,
        /// The database's error.
        source: Source,
    },

    /// No migration has run, so there is none to revert.
    #[error("no migration has run on node `{node}`, so there is none to revert")]
    NothingToRevert {
        /// The primary's name, as configured.
        node: String,
    },

    /// A migration was to be reverted that the program does not have.
    #[error(
        "the last migration on node `{node}` is {version}, which this program does not have: a newer release has run it; revert \
         it with that one"
    )]
    UnknownVersion {
        /// The primary's name, as configured.
        node: String,
        /// Its version.
        version: MigrationVersion<'static>,
    },

    /// Replicas did not have the migrations in time. They have run: only the [wait](crate::Migrator::wait_for_replicas) is over.
    #[error(
        "the migrations have run on node `{node}`, and after {waited:?} not all replicas have them: {}. Sessions read the new \
         schema from the primary meanwhile; see to these replicas, or wait for longer{}",
        reports(missing),
        listed("; newly run: ", ran, "")
    )]
    NotOnReplicas {
        /// The primary's name, as configured.
        node: String,
        /// The time that was waited.
        waited: Duration,
        /// The replicas that do not have them.
        missing: Vec<ReplicaReport>,
        /// The versions that were run before the wait.
        ran: Vec<MigrationVersion<'static>>,
    },

    /// The runtime was shut down while migrations ran.
    #[error(
        "the runtime was shut down while migrations ran on node `{node}`: `__diesel_schema_migrations` has those that are done"
    )]
    Interrupted {
        /// The primary's name, as configured.
        node: String,
    },
}

/// The parts that the database kept of a migration that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MigrationRemains {
    /// None: its transaction was rolled back.
    Nothing,
    /// Perhaps some: it ran outside a transaction, as it asks for.
    OutsideTransaction,
    /// Perhaps some: the server commits each change of the schema by itself, as MySQL and MariaDB do.
    WithoutTransactions,
    /// None or all: its connection was lost, and with it its transaction, unless that was about to be committed.
    NothingOrAll,
    /// Perhaps all: the connection was lost.
    Unknown,
}

impl MigrationRemains {
    fn remedy(self) -> &'static str {
        match self {
            Self::Nothing => "Nothing of it was kept: mend it and run again",
            Self::OutsideTransaction => {
                "It runs outside a transaction, so what it did before it failed was kept (of a `CREATE INDEX CONCURRENTLY`, an \
                 invalid index: drop it). Undo that and run again; or do the rest by hand, and insert its version into \
                 `__diesel_schema_migrations`"
            }
            Self::WithoutTransactions => {
                "The server commits each change of the schema by itself, so the statements before the one that failed were kept. \
                 Undo them and run again; or do the rest by hand, and insert its version into `__diesel_schema_migrations`. One \
                 such statement in each migration leaves nothing half done"
            }
            Self::NothingOrAll => {
                "The connection was lost, and what the migration had done was rolled back; or all of it was kept, with its version \
                 in `__diesel_schema_migrations`, if it was about to be committed. Run again, once there is a primary: what has \
                 its version does not run twice"
            }
            Self::Unknown => {
                "The connection was lost: look whether `__diesel_schema_migrations` has its version; if not, undo what it did, and \
                 run again"
            }
        }
    }
}

impl std::fmt::Display for MigrationRemains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.remedy())
    }
}

impl MigrationError {
    /// Returns the versions that were run, or reverted, before the error: they stay so.
    #[must_use]
    pub fn ran(&self) -> &[MigrationVersion<'static>] {
        match self {
            Self::Failed { ran, .. } => ran,
            Self::NotOnReplicas { ran, .. } => ran,
            _ => &[],
        }
    }

    /// Returns the name of the primary; `None` if nothing was asked of it.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Locked { node, .. }
            | Self::History { node, .. }
            | Self::Failed { node, .. }
            | Self::NothingToRevert { node }
            | Self::UnknownVersion { node, .. }
            | Self::NotOnReplicas { node, .. }
            | Self::Interrupted { node } => Some(node),
            Self::Unreadable { .. } => None,
        }
    }

    /// Returns the same error, if the connection was lost.
    #[cfg(feature = "migrations")]
    pub(crate) fn of_lost_connection(mut self) -> Self {
        if let Self::Failed { remains, .. } = &mut self {
            *remains = match remains {
                MigrationRemains::Nothing => MigrationRemains::NothingOrAll,
                _ => MigrationRemains::Unknown,
            };
        }
        self
    }
}

/// Returns what the database said. Diesel's words begin with the migration's name, which is told already.
fn without_name(source: &dyn std::error::Error) -> String {
    let words = brief(source);
    let named = words.strip_prefix("Failed to run ");
    let said = named.and_then(|named| Some(named.split_once(" with: ")?.1));
    said.map_or(words.clone(), str::to_owned)
}

fn listed(before: &str, items: &[impl std::fmt::Display], after: &str) -> String {
    if items.is_empty() {
        return String::new();
    }
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    format!("{before}{}{after}", items.join(", "))
}

fn reports(replicas: &[ReplicaReport]) -> String {
    let replicas: Vec<_> = replicas.iter().map(ToString::to_string).collect();
    replicas.join(", ")
}

codes! {
    MigrationError {
        Locked => "migration_locked",
        Unreadable => "migration_unreadable",
        History => "migration_history",
        Failed => "migration_failed",
        NothingToRevert => "migration_nothing_to_revert",
        UnknownVersion => "migration_unknown_version",
        NotOnReplicas => "migration_not_on_replicas",
        Interrupted => "migration_interrupted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_that_failed_says_which_where_and_what_is_left() {
        let said: Source = "Failed to run 2_email with: near \"ALTR\"\nLINE 1".into();
        let error = MigrationError::Failed {
            node: "db-1".to_owned(),
            migration: "2_email".into(),
            version: "2".into(),
            reverts: false,
            remains: MigrationRemains::WithoutTransactions,
            ran: ["1".into()].into(),
            left: ["3_index".to_owned()].into(),
            source: said,
        };
        let words = error.to_string();
        let start = "migration `2_email` failed on node `db-1`: near \"ALTR\". The server commits";
        assert!(words.starts_with(start), "{words}");
        let end = "`__diesel_schema_migrations`. One such statement in each migration leaves nothing half done. Done before it: 1. \
                   Still to do: 3_index.";
        assert!(words.ends_with(end), "{words}");
        assert_eq!(error.ran(), ["1".into()]);
        assert_eq!(error.node(), Some("db-1"));
    }
}
