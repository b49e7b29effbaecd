//! Rules about what PostgreSQL keeps for standbys that are away.

use crate::doctor::facts::Slot;
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static INACTIVE: Rule = Rule {
    code: "DR116",
    name: "slot-inactive",
    severity: Severity::Warning,
    servers: Servers::Postgres,
    title: "a replication slot holds WAL back for nobody",
    page: "\
The server keeps all WAL from the slot's position on, until the disk is full; then the primary stops. A logical slot also keeps vacuum
from the catalogues, and a physical one with feedback from all tables.

**Found** in `pg_replication_slots`: a slot without a connection, that has a position.

**Do**: bring its standby or subscriber back; if that is gone for good, `SELECT pg_drop_replication_slot('..')`.
`max_slot_wal_keep_size` limits the damage.",
    check: |topology, report| {
        for node in topology.reached() {
            for slot in node.slots.iter().filter(|slot| !slot.is_active && slot.status != "lost") {
                let Some(retained) = slot.retained else {
                    continue;
                };
                let Slot { name, status, .. } = slot;
                report
                    .about(
                        &node.name,
                        format!("its slot `{name}` holds {} of WAL back, and nobody is connected to it", bytes(retained)),
                        format!("bring its standby back, or run `SELECT pg_drop_replication_slot('{name}')`"),
                    )
                    .saw("retained", format!("{retained} bytes"))
                    .saw("wal_status", status);
            }
        }
    },
};

pub(super) static LOST: Rule = Rule {
    code: "DR117",
    name: "slot-lost",
    severity: Severity::Error,
    servers: Servers::Postgres,
    title: "a replication slot has lost the WAL that it was for",
    page: "\
Past `max_slot_wal_keep_size`, the server removed what the slot's standby or subscriber has not got. It can never catch up.

**Found** in `pg_replication_slots`: `wal_status` is `lost`, or `unreserved`, which is about to be lost and a warning.

**Do**: rebuild the standby from a base backup, or the subscription with its copy of the data; drop the slot. Raise
`max_slot_wal_keep_size`.",
    check: |topology, report| {
        for node in topology.reached() {
            for Slot { name, status, .. } in &node.slots {
                let (problem, severity) = match status.as_str() {
                    "lost" => ("has lost WAL: who needs it can never catch up", Severity::Error),
                    "unreserved" => ("is about to lose WAL", Severity::Warning),
                    _ => continue,
                };
                report
                    .about(
                        &node.name,
                        format!("its slot `{name}` {problem}"),
                        "rebuild the standby that uses it, drop it, and raise `max_slot_wal_keep_size`",
                    )
                    .saw("wal_status", status)
                    .saw("max_slot_wal_keep_size", node.setting("max_slot_wal_keep_size").unwrap_or("unknown"))
                    .of_severity(severity);
            }
        }
    },
};

pub(super) static UNLIMITED: Rule = Rule {
    code: "DR118",
    name: "slots-unlimited",
    severity: Severity::Note,
    servers: Servers::Postgres,
    title: "a slot may fill the primary's disk",
    page: "\
With `max_slot_wal_keep_size = -1`, the default, a standby that stays away takes the primary down with it once the disk is full.

**Found** when there are slots and no such limit.

**Do**: a limit that the disk has room for: a standby that was away for longer is rebuilt.",
    check: |topology, report| {
        for node in topology.reached() {
            if node.slots.is_empty() || node.number("max_slot_wal_keep_size") != Some(-1) {
                continue;
            }
            let names: Vec<_> = node.slots.iter().map(|slot| slot.name.as_str()).collect();
            report
                .about(
                    &node.name,
                    "its slots may hold back WAL until the disk is full",
                    "set `max_slot_wal_keep_size` to what the disk has room for",
                )
                .saw("max_slot_wal_keep_size", "-1")
                .saw("slots", names.join(", "));
        }
    },
};

pub(super) static NOTHING_KEPT: Rule = Rule {
    code: "DR119",
    name: "no-wal-kept",
    severity: Severity::Warning,
    servers: Servers::Postgres,
    title: "a standby that is away for a moment cannot come back",
    page: "\
The primary removes WAL at each checkpoint. A standby without a slot finds that what it needs is gone (\"requested WAL segment has
already been removed\"), unless an archive has it.

**Found** when the primary has `wal_keep_size = 0`, `archive_mode = off` and no physical slot, and a standby streams from it.

**Do**: a slot for each standby (`primary_slot_name`), or a `wal_keep_size`.",
    check: |topology, report| {
        let primaries = topology.primaries().filter(|node| node.is_postgres());
        for node in primaries {
            let keeps = node.number("wal_keep_size") != Some(0)
                || node.setting("archive_mode") != Some("off")
                || node.slots.iter().any(|slot| !slot.is_logical);
            if keeps || node.standbys.is_empty() {
                continue;
            }
            report
                .about(
                    &node.name,
                    "it keeps no WAL for standbys that are away for a moment",
                    "give each standby a slot (`primary_slot_name`), or set `wal_keep_size`",
                )
                .saw("wal_keep_size", "0")
                .saw("archive_mode", "off")
                .saw("standbys", node.standbys.len().to_string());
        }
    },
};

fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(size, _)| count >= *size) {
        Some((size, unit)) => format!("{} {unit}", count / size),
        None => format!("{count} bytes"),
    }
}
