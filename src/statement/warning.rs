//! What operators hear of a statement that is not refused.

use diesel_routing_sql::Finding;

use crate::observe::Event;

/// Tells operators of a statement on a read handle that does more than read.
pub(super) fn warn(finding: &Finding, sql: &str) {
    Event::StatementNotARead {
        finding: &finding.to_string(),
        sql,
    }
    .emit();
}
