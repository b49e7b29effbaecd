//! Order among positions of several histories.

use crate::position::{Lsn, PgPosition, Position};

/// Returns whether `one` lies on a newer history than `other`: on a later timeline, or in a younger cluster.
///
/// PostgreSQL makes a system identifier from the time of `initdb`, in its high bits
/// (`BootStrapXLOG`): the greater one is the younger cluster. Other clusters have no known order, so a
/// fixed arbitrary one is used.
pub(crate) fn is_newer(one: &Position, other: &Position) -> bool {
    match (one, other) {
        (Position::Postgres(one), Position::Postgres(other)) => {
            (one.system, one.timeline) > (other.system, other.timeline)
        }
        (Position::Galera(one), Position::Galera(other)) => one.history > other.history,
        _ => one.kind() > other.kind(),
    }
}

/// Returns the least floor that is not below either, on the newer history of the two.
///
/// Up to the promotion, the timelines of one cluster are identical: what was seen at an LSN on the old
/// timeline, if it still exists at all, has that LSN on the new one.
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
