//! The rules: all kinds of findings, by what they are about.

mod access;
mod durability;
mod galera;
mod identity;
mod lag;
mod limits;
mod mysql_log;
mod mysql_replica;
mod postgres_primary;
mod postgres_slots;
mod postgres_standby;
mod replication;
mod replication_source;
mod roles;
mod settings;
mod sqlite;
mod tables;

use super::facts::Topology;
use super::finding::{Finding, Rule};

/// All rules, by their codes. A rule that is left out later leaves its code behind: no other gets it.
pub(crate) static RULES: &[&Rule] = &[
    &access::UNREACHABLE,
    &roles::NO_PRIMARY,
    &roles::SPLIT_BRAIN,
    &roles::NO_REPLICA,
    &roles::ROLE_MISMATCH,
    &identity::OTHER_CLUSTER,
    &identity::SEVERAL_SERVERS,
    &identity::SAME_SERVER,
    &identity::VERSIONS_DIFFER,
    &lag::CLOCK_OFFSET,
    &lag::LAG_ABOVE_LIMIT,
    &roles::PRIMARY_READ_ONLY,
    &limits::POOLS_EXCEED_LIMIT,
    &access::PRIVILEGED_ACCOUNT,
    &access::NO_TLS,
    &access::TLS_NOT_VERIFIED,
    &access::SEES_TOO_LITTLE,
    &access::TRANSACTION_POOLER,
    &limits::IDLE_CLOSED,
    &limits::ZONE_WITHOUT_REPLICA,
    &settings::SETTINGS_DIFFER,
    &durability::COMMITS_NOT_DURABLE,
    &replication::NOT_RECEIVING,
    &replication::NOT_APPLYING,
    &replication::APPLY_DELAY,
    &replication::FILTERED,
    &replication_source::UNKNOWN_SOURCE,
    &identity::OTHER_TIMELINE,
    &postgres_standby::READS_CANCELLED,
    &postgres_standby::READS_HOLD_REPLAY,
    &postgres_standby::LIMITS_BELOW_PRIMARY,
    &postgres_standby::SERIALIZABLE,
    &postgres_standby::NO_SUBSCRIPTION,
    &postgres_primary::SYNC_STANDBY_MISSING,
    &postgres_primary::REMOTE_APPLY_WITHOUT_STANDBYS,
    &postgres_primary::WAL_LEVEL,
    &postgres_primary::NO_TIMEOUTS,
    &postgres_slots::INACTIVE,
    &postgres_slots::LOST,
    &postgres_slots::UNLIMITED,
    &postgres_slots::NOTHING_KEPT,
    &tables::UNLOGGED,
    &mysql_replica::WRITABLE,
    &mysql_replica::WITHOUT_GTID,
    &mysql_replica::UPDATES_NOT_LOGGED,
    &mysql_replica::NOT_CRASH_SAFE,
    &mysql_log::NO_BINLOG,
    &mysql_log::GTID_NOT_STRICT,
    &mysql_log::STATEMENT_FORMAT,
    &mysql_log::DUPLICATE_SERVER_ID,
    &tables::NONTRANSACTIONAL,
    &tables::WITHOUT_KEY,
    &galera::NOT_SYNCED,
    &galera::NO_SYNC_WAIT,
    &galera::EVEN_SIZE,
    &sqlite::NOT_WAL,
    &sqlite::SCHEMA_DIFFERS,
];

/// Returns the rule with this code or name.
pub(crate) fn find(word: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.is_called(word))
}

/// Returns everything that these rules find, worst first.
pub(crate) fn findings(
    topology: &Topology,
    rules: impl IntoIterator<Item = &'static Rule>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules {
        rule.run(topology, &mut findings);
    }
    // Stable: within a severity, by code.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

#[cfg(test)]
mod tests;
