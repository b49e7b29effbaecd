//! Rules that compare settings between nodes.

use std::collections::BTreeMap;

use crate::doctor::facts::Facts;
use crate::doctor::finding::{Rule, Servers, Severity};

/// The settings that queries' results depend on.
const POSTGRES: &[&str] = &[
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "bytea_output",
    "client_encoding",
    "default_text_search_config",
    "extra_float_digits",
    "lc_messages",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "search_path",
    "standard_conforming_strings",
    "xmlbinary",
];

const MYSQL: &[&str] = &[
    "character_set_server",
    "collation_server",
    "default_week_format",
    "div_precision_increment",
    "group_concat_max_len",
    "lc_time_names",
    "lower_case_table_names",
    "sql_mode",
    "system_time_zone",
    "time_zone",
];

pub(super) static SETTINGS_DIFFER: Rule = Rule {
    code: "DR021",
    name: "settings-differ",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "a replica has settings by which results differ",
    page: "\
The same query gives one text on the primary and another on the replica: another time zone, date format, `search_path`, `sql_mode` or
collation. Replication carries rows, not settings.

**Found** by comparing, with the primary's, those settings that results depend on, as a new session of this account has them on
PostgreSQL, and the global ones on MySQL and MariaDB.

**Do**: give all nodes the same settings, or set them in the connection's options.",
    check: |topology, report| {
        let Some(primary) = topology.primaries().next() else {
            return;
        };
        let names = if primary.is_postgres() { POSTGRES } else { MYSQL };
        let replicas = topology.replicas().filter(|node| {
            node.kind == primary.kind && !node.configured.is_logical
        });
        for node in replicas {
            let differing = differing(primary, node, names);
            if differing.is_empty() {
                continue;
            }
            let names: Vec<_> = differing.keys().map(|name| format!("`{name}`")).collect();
            let finding = report.about(
                &node.name,
                format!("results may differ from the primary's: it has another {}", names.join(", ")),
                "give it the primary's settings",
            );
            for (name, (here, there)) in differing {
                finding.saw(name, format!("`{here}` here, `{there}` on {}", primary.name));
            }
        }
    },
};

/// Returns the settings that two nodes have and that differ: their values on `node` and on `primary`.
fn differing<'a>(
    primary: &'a Facts,
    node: &'a Facts,
    names: &[&'static str],
) -> BTreeMap<&'static str, (&'a str, &'a str)> {
    let values = names.iter().filter_map(|name| {
        let (here, there) = (node.setting(name)?, primary.setting(name)?);
        (here != there).then_some((*name, (here, there)))
    });
    values.collect()
}
