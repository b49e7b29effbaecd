//! What tokens do with positions of several histories.

use crate::position::{Lsn, PgPosition, Position};

/// Whether both are of one cluster, on whatever timelines.
pub(super) fn same_cluster(one: &Position, other: &Position) -> bool {
    match (one, other) {
        (Position::Postgres(one), Position::Postgres(other)) => one.system == other.system,
    }
}

/// Whether `one` lies on a newer history than `other`: on a later timeline, or in a younger cluster.
///
/// PostgreSQL makes a system identifier from the time of `initdb`, in its high bits
/// (`BootStrapXLOG`): the greater one is the younger cluster.
pub(crate) fn is_newer(one: &Position, other: &Position) -> bool {
    match (one, other) {
        (Position::Postgres(one), Position::Postgres(other)) => {
            (one.system, one.timeline) > (other.system, other.timeline)
        }
    }
}

/// The least floor that is not below either, on the newest history of the two.
///
/// Up to the promotion, the timelines of one cluster are one: so what was seen at an LSN on the old
/// timeline, if it still exists at all, is on the new one at that LSN.
pub(crate) fn highest_floor(one: Position, other: Position) -> Position {
    match (one, other) {
        (Position::Postgres(a), Position::Postgres(b)) if a.system == b.system => {
            let (timeline, Lsn(lsn)) = (a.timeline.max(b.timeline), a.lsn.max(b.lsn));
            Position::Postgres(PgPosition::new(a.system, timeline, Lsn(lsn)))
        }
        _ if is_newer(&one, &other) => one,
        _ => other,
    }
}

/// `position`, or `ceiling` if that is less on the same history.
pub(super) fn at_most(position: Position, ceiling: &Position) -> Position {
    if position.covers(ceiling) {
        *ceiling
    } else {
        position
    }
}
