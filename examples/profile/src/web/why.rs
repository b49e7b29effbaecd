//! Reasons, in words.

use diesel_routing::Reason;

/// Tells why a connection came from the node it came from, as a user may read it.
pub(crate) fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Write => "writes go to the primary",
        Reason::Strong => "it must be the present state",
        Reason::Eventual => "any replica, however far behind",
        Reason::NothingToCatchUp => "you have written nothing: any replica",
        Reason::Covered => "this replica has what you wrote",
        Reason::NotCaughtUp => "no replica has what you wrote yet",
        Reason::CapturePending => "where your write is, is being asked",
        Reason::RecentWrite => "you wrote just now, nobody knows where",
        Reason::OldHistory => "you wrote before the primary changed",
        Reason::Fallback => "no replica is up",
        _ => "",
    }
}
