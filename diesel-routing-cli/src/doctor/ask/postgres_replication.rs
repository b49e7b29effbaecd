//! Asks PostgreSQL about replication.

use std::time::Duration;

use super::asker::Asker;
use super::postgres::GRANT;
use crate::doctor::facts::{Replication, Slot, Standby, Subscription, Unanswered, Upstream};

/// Asks which cluster it is. In its own question: managed services refuse it.
const CLUSTER: &str = "SELECT system_identifier::text AS cluster FROM pg_control_system()";

/// Asks for the position: of what is written, or of what is replayed; and for its timeline.
///
/// A standby's timeline is its receiver's, which few accounts see; else the newest that its control file knows.
const POSITION: &str = "\
    SELECT (CASE WHEN r.standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END)::text AS position, \
           (CASE WHEN r.standby THEN coalesce(w.received_tli, greatest(c.timeline_id, v.min_recovery_end_timeline)) \
                 ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int4 END)::text AS timeline \
      FROM (SELECT pg_is_in_recovery() AS standby) r, pg_control_checkpoint() c, pg_control_recovery() v \
      LEFT JOIN pg_stat_get_wal_receiver() w ON true";

const RECEIVER: &str = "\
    SELECT (w.pid IS NOT NULL AND coalesce(w.status, 'streaming') = 'streaming') AS receives, w.sender_host AS host, w.sender_port AS port, w.slot_name::text AS slot, \
           pg_get_wal_replay_pause_state() AS replay \
      FROM (SELECT) one LEFT JOIN pg_stat_get_wal_receiver() w ON true";

const STANDBYS: &str = "\
    SELECT application_name::text AS name, state::text AS state, sync_state::text AS sync FROM pg_stat_replication";

/// Asks for slots, and what each holds back, counted from what the server has.
const SLOTS: &str = "\
    SELECT slot_name::text AS name, active, coalesce(wal_status, '') AS status, slot_type = 'logical' AS logical, \
           pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)::int8 AS retained \
      FROM pg_replication_slots";

const SUBSCRIPTIONS: &str = "\
    SELECT s.subname::text AS name, s.subenabled AS enabled, \
           EXISTS (SELECT FROM pg_stat_subscription t WHERE t.subid = s.oid AND t.pid IS NOT NULL) AS runs \
      FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()";

const CONFLICTS: &str = "\
    SELECT (confl_tablespace + confl_lock + confl_snapshot + confl_bufferpin + confl_deadlock) AS cancelled \
      FROM pg_stat_database_conflicts WHERE datname = current_database()";

/// Asks for everything about replication.
pub(super) async fn ask(asker: &mut Asker<'_>) {
    let cluster = asker.row("cluster", CLUSTER, GRANT).await;
    asker.facts.cluster = cluster.and_then(|row| row.get("cluster").map(str::to_owned));
    let position = asker.row("position", POSITION, GRANT).await;
    if let Some(row) = position {
        asker.facts.position = row.get("position").map(str::to_owned);
        asker.facts.history = row
            .get("timeline")
            .map(|timeline| format!("timeline {timeline}"));
    }
    if asker.facts.takes_writes == Some(false) {
        receiver(asker).await;
    }
    standbys(asker).await;
    slots(asker).await;
    if asker.facts.configured.is_logical {
        subscriptions(asker).await;
    }
}

async fn receiver(asker: &mut Asker<'_>) {
    let delay = asker.facts.number("recovery_min_apply_delay");
    let delay = delay
        .and_then(|millis| u64::try_from(millis).ok())
        .unwrap_or(0);
    let Some(row) = asker.row("its WAL receiver", RECEIVER, GRANT).await else {
        return;
    };
    asker.facts.replication = Some(Replication {
        has_source: true,
        receives: row.is_on("receives"),
        applies: row.get("replay").map(|state| state == "not paused"),
        delay: Duration::from_millis(delay),
        slot: row.get("slot").map(str::to_owned),
        ..Replication::default()
    });
    if let (Some(host), Some(port)) = (
        row.get("host").filter(|host| !host.is_empty()),
        row.parse::<u16>("port"),
    ) {
        asker.facts.upstream = Some(Upstream {
            address: Some(format!("{host}:{port}")),
            ..Upstream::default()
        });
    } else if row.is_on("receives") == Some(true) {
        hidden(asker, "where it has its WAL from");
    }
    let cancelled = asker.row("cancelled reads", CONFLICTS, GRANT).await;
    asker.facts.cancelled_reads = cancelled.and_then(|row| row.parse("cancelled"));
}

async fn standbys(asker: &mut Asker<'_>) {
    let rows = asker
        .rows("its standbys", STANDBYS, GRANT)
        .await
        .unwrap_or_default();
    let sees = asker
        .facts
        .account
        .as_ref()
        .and_then(|account| account.sees_replication);
    if !rows.is_empty() && sees == Some(false) {
        hidden(asker, "what its standbys have");
    }
    let standbys = rows.iter().map(|row| Standby {
        name: row.get("name").unwrap_or_default().to_owned(),
        is_synchronous: matches!(row.get("sync"), Some("sync" | "quorum")),
        streams: row.get("state") == Some("streaming"),
    });
    asker.facts.standbys = standbys.collect();
}

async fn slots(asker: &mut Asker<'_>) {
    let rows = asker
        .rows("replication slots", SLOTS, GRANT)
        .await
        .unwrap_or_default();
    let slots = rows.iter().map(|row| Slot {
        name: row.get("name").unwrap_or_default().to_owned(),
        is_active: row.is_on("active") == Some(true),
        is_logical: row.is_on("logical") == Some(true),
        status: row.get("status").unwrap_or_default().to_owned(),
        retained: row
            .parse::<i64>("retained")
            .map(|bytes| u64::try_from(bytes).unwrap_or(0)),
    });
    asker.facts.slots = slots.collect();
}

async fn subscriptions(asker: &mut Asker<'_>) {
    let rows = asker
        .rows("subscriptions", SUBSCRIPTIONS, GRANT)
        .await
        .unwrap_or_default();
    let subscriptions = rows.iter().map(|row| Subscription {
        name: row.get("name").unwrap_or_default().to_owned(),
        is_enabled: row.is_on("enabled") == Some(true),
        runs: row.is_on("runs") == Some(true),
    });
    asker.facts.subscriptions = subscriptions.collect();
}

/// Writes down what the server hides from this account without refusing anything.
fn hidden(asker: &mut Asker<'_>, question: &'static str) {
    asker.facts.unanswered.push(Unanswered {
        question,
        why: "the server does not show it to this account".to_owned(),
        remedy: Some(GRANT),
    });
}
