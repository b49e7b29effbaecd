//! What tokens do with positions of several histories.

use crate::position::{Lsn, PgPosition, Position};

/// Whether `one` lies on a newer history than `other`: on a later timeline, or in a younger cluster.
///
/// PostgreSQL makes a system identifier from the time of `initdb`, in its high bits
/// (`BootStrapXLOG`): the greater one is the younger cluster. Of other clusters nothing tells, so any
/// order will do, as long as it is one.
pub(crate) fn is_newer(one: &Position, other: &Position) -> bool {
    match (one, other) {
        (Position::Postgres(one), Position::Postgres(other)) => {
            (one.system, one.timeline) > (other.system, other.timeline)
        }
        (Position::Galera(one), Position::Galera(other)) => one.history > other.history,
        _ => one.kind() > other.kind(),
    }
}

/// The least floor that is not below either, on the newest history of the two.
///
/// Up to the promotion, the timelines of one cluster are one: so what was seen at an LSN on the old
/// timeline, if it still exists at all, is on the new one at that LSN.
pub(crate) fn highest_floor(one: Position, other: Position) -> Position {
    if let (Position::Postgres(a), Position::Postgres(b)) = (&one, &other)
        && a.system == b.system
    {
        let (timeline, Lsn(lsn)) = (a.timeline.max(b.timeline), a.lsn.max(b.lsn));
        return Position::Postgres(PgPosition::new(a.system, timeline, Lsn(lsn)));
    }
    match one.join(&other) {
        Some(both) => both,
        None if is_newer(&one, &other) => one,
        None => other,
    }
}
