//! Locks under a test, on any database that has them.

use super::world::name;
use super::*;
use diesel_routing::LockRowsDsl;

/// Locks a row in a transaction, and is refused it outside of one.
pub(crate) async fn lock(conn: &mut ReadConn<Primary>) {
    let row = || users::table.find(1).select(users::name).lock_rows();
    let outside = wait!(row().first::<String>(conn)).unwrap_err();
    assert!(matches!(refusal(&outside), Refused::LockOutsideTransaction));
    let locked = wait!(conn.transaction(body!(|tx| -> QueryResult<String> {
        wait!(row().first(tx))
    })));
    assert_eq!(locked.unwrap(), "ann");
    assert_eq!(name(conn).await, "ann");
}
