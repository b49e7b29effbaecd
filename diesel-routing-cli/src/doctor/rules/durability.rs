//! Rules about what is left of an acknowledged commit after a crash.

use crate::doctor::facts::Facts;
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static COMMITS_NOT_DURABLE: Rule = Rule {
    code: "DR022",
    name: "commits-not-durable",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "a crash may take acknowledged commits",
    page: "\
After a crash of its machine, the primary may lack commits that it has acknowledged and that its replicas have: sessions have seen rows
that are gone, their positions lie in the future, and a replica that is ahead of its primary must be rebuilt. With PostgreSQL's `fsync
= off`, the data files may be destroyed as well.

**Found** on the primary in `fsync`, `full_page_writes` and `synchronous_commit` (PostgreSQL), and in `innodb_flush_log_at_trx_commit`
and `sync_binlog`, which are safe at 1 (MySQL and MariaDB). `synchronous_commit = off` alone is a note: it loses commits of the last
moments, and no replica has them either.

**Do**: the safe values, unless the data may be lost. Galera's nodes are no exception: all may fail at once.",
    check: |topology, report| {
        for node in topology.primaries() {
            let (unsafe_settings, severity) = unsafe_settings(node);
            if unsafe_settings.is_empty() {
                continue;
            }
            let names: Vec<_> = unsafe_settings.iter().map(|(name, value, _)| format!("`{name} = {value}`")).collect();
            let safe: Vec<_> = unsafe_settings.iter().map(|(name, _, safe)| format!("`{name} = {safe}`")).collect();
            let finding = report.about(
                &node.name,
                format!("a crash may take commits that it has acknowledged: {}", names.join(", ")),
                format!("set {}", safe.join(", ")),
            );
            finding.of_severity(severity);
            for (name, value, _) in unsafe_settings {
                finding.saw(name, value);
            }
        }
    },
};

type Setting<'a> = (&'static str, &'a str, &'static str);

/// Returns the settings that are not safe: names, values, and safe values; and how bad that is.
fn unsafe_settings(node: &Facts) -> (Vec<Setting<'_>>, Severity) {
    let safe: &[(&'static str, &'static str)] = if node.is_postgres() {
        &[
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("synchronous_commit", "on"),
        ]
    } else if node.flag("log_bin") == Some(false) {
        &[("innodb_flush_log_at_trx_commit", "1")]
    } else {
        &[
            ("innodb_flush_log_at_trx_commit", "1"),
            ("sync_binlog", "1"),
        ]
    };
    let found: Vec<Setting<'_>> = safe
        .iter()
        .filter_map(|(name, safe)| {
            let value = node.setting(name)?;
            // Of `synchronous_commit`, all but `off` wait for the own disk.
            let is_safe = value == *safe || (*name == "synchronous_commit" && value != "off");
            (!is_safe).then_some((*name, value, *safe))
        })
        .collect();
    let is_slight = found.iter().all(|(name, ..)| *name == "synchronous_commit");
    (
        found,
        if is_slight {
            Severity::Note
        } else {
            Severity::Warning
        },
    )
}
