use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::flavour::Flavour;
use crate::ServerError;
use crate::server::Account;

/// The settings that every server of the kit starts from: quick to start, no promise to survive a power cut
/// (though one to survive the end of the process), ready to replicate.
const BASE: &[(&str, &str)] = &[
    ("bind_address", "127.0.0.1"),
    ("skip_name_resolve", "ON"),
    ("log_bin", "binlog"),
    ("relay_log", "relay"),
    ("sync_binlog", "0"),
    ("innodb_flush_log_at_trx_commit", "2"),
    ("innodb_doublewrite", "OFF"),
    // Native AIO is limited for the whole machine, and refused by some file systems.
    ("innodb_use_native_aio", "OFF"),
    ("innodb_buffer_pool_size", "16M"),
    ("performance_schema", "OFF"),
    ("max_connections", "100"),
];

const MARIADB: &[(&str, &str)] = &[
    ("gtid_strict_mode", "ON"),
    ("log_slave_updates", "ON"),
    // With GTIDs it seldom notes which relay log it applies: a killed one may look for one that is purged.
    ("relay_log_recovery", "ON"),
    ("innodb_flush_method", "nosync"),
    ("innodb_log_file_size", "8M"),
];

const MYSQL: &[(&str, &str)] = &[
    ("gtid_mode", "ON"),
    ("enforce_gtid_consistency", "ON"),
    ("log_replica_updates", "ON"),
    // Packages name a directory that need not be there.
    ("secure_file_priv", "NULL"),
    ("innodb_flush_method", "nosync"),
    ("innodb_redo_log_capacity", "8M"),
    ("mysqlx", "OFF"),
];

/// Name to value, as in an option file; an empty value stands for an option without one.
pub(super) type Settings = BTreeMap<String, String>;

/// The settings given to the nodes of a cluster: to all of them, and to single ones over that.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    all: Settings,
    own: Vec<(usize, String, String)>,
}

impl Given {
    pub(super) fn give_all(&mut self, option: &str, value: String) {
        self.all.insert(name(option), value);
    }

    pub(super) fn give(&mut self, node: usize, option: &str, value: String) {
        self.own.push((node, name(option), value));
    }

    /// Returns what this node is given.
    pub(super) fn of(&self, node: usize) -> Settings {
        let mut settings = self.all.clone();
        let own = self.own.iter().filter(|own| own.0 == node);
        settings.extend(own.map(|(_, name, value)| (name.clone(), value.clone())));
        settings
    }
}

/// Writes an option file: the kit's base, then `settings` over it.
pub(super) fn write(
    path: &Path,
    flavour: Flavour,
    settings: &Settings,
    account: Account,
) -> Result<(), ServerError> {
    let mut merged: BTreeMap<&str, &str> = BASE.iter().copied().collect();
    let of_flavour = match flavour {
        Flavour::MariaDb => MARIADB,
        Flavour::MySql => MYSQL,
    };
    merged.extend(of_flavour.iter().copied());
    let mut text = String::from("[mysqld]\n");
    // In two steps: of `log_bin` and `skip_log_bin`, the caller's comes last and counts.
    let given = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in merged.into_iter().chain(given) {
        let _ = match value {
            "" => writeln!(text, "{name}"),
            value => writeln!(text, "{name}=\"{}\"", value.replace('\\', "\\\\")),
        };
    }
    let next = path.with_extension("next");
    fs::write(&next, text).map_err(ServerError::io("write", &next))?;
    account.own(&next)?;
    fs::rename(&next, path).map_err(ServerError::io("replace", path))
}

/// Returns an option's name as the kit keeps it: option files take dashes as well.
pub(super) fn name(given: &str) -> String {
    given.replace('-', "_")
}
