use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::ServerError;
use crate::server::Account;

/// The settings that every server of the kit starts from: quick to start and stop, no promise to survive a power
/// cut, standbys that never cancel a query by themselves and look for their primary ten times a
/// second.
const BASE: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("shared_buffers", "16MB"),
    // In the data directory, so that a killed server leaves nothing in /dev/shm.
    ("dynamic_shared_memory_type", "mmap"),
    ("huge_pages", "off"),
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("wal_level", "logical"),
    ("max_wal_senders", "20"),
    ("max_replication_slots", "20"),
    // No slots: what a standby missed while it was cut off must still be there.
    ("wal_keep_size", "256MB"),
    ("hot_standby", "on"),
    ("hot_standby_feedback", "on"),
    ("max_standby_streaming_delay", "-1"),
    ("wal_retrieve_retry_interval", "100ms"),
    ("wal_receiver_status_interval", "1s"),
    ("log_line_prefix", "%m [%p] %b "),
];

/// The access rules: everybody who reaches the socket, which its permissions limit to this user.
const ACCESS: &str = "local all all trust\nlocal replication all trust\n";

/// Name to value, as in `postgresql.conf`.
pub(super) type Settings = BTreeMap<String, String>;

/// Writes the data directory's configuration: the kit's base, then `settings` over it.
pub(super) fn write(data: &Path, settings: &Settings, account: Account) -> Result<(), ServerError> {
    let mut merged: BTreeMap<&str, &str> = BASE.iter().copied().collect();
    merged.extend(
        settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let mut text = String::new();
    for (name, value) in merged {
        let _ = writeln!(
            text,
            "{name} = '{}'",
            value.replace('\\', "\\\\").replace('\'', "''")
        );
    }
    put(&data.join("postgresql.conf"), &text, account)
}

/// Writes the data directory's `pg_hba.conf`.
pub(super) fn write_access(data: &Path, account: Account) -> Result<(), ServerError> {
    write_rules(data, "", account)
}

/// Writes the data directory's `pg_hba.conf`: the kit's own user first, then `rules`, then everybody.
pub(super) fn write_rules(data: &Path, rules: &str, account: Account) -> Result<(), ServerError> {
    let text = format!("local all postgres trust\n{rules}\n{ACCESS}");
    put(&data.join("pg_hba.conf"), &text, account)
}

/// Replaces a whole file at once: a server may read it at any moment. Nobody else may.
pub(super) fn put(path: &Path, text: &str, account: Account) -> Result<(), ServerError> {
    let next = path.with_extension("next");
    fs::write(&next, text).map_err(ServerError::io("write", &next))?;
    fs::set_permissions(&next, fs::Permissions::from_mode(0o600))
        .map_err(ServerError::io("set the permissions of", &next))?;
    account.own(&next)?;
    fs::rename(&next, path).map_err(ServerError::io("replace", path))
}
