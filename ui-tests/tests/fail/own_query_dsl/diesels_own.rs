//! Diesel's own `RunQueryDsl` checks no effect, and takes no read handle.

use diesel::prelude::*;
use diesel_routing::sync::pg::{ReadConn, WriteConn};
use diesel_routing::{Primary, Replica};
use ui_tests::{User, users};

fn find(
    write: &mut WriteConn,
    replica: &mut ReadConn<Replica>,
    primary: &mut ReadConn<Primary>,
) -> QueryResult<User> {
    diesel::delete(users::table).execute(write)?;
    diesel::delete(users::table).execute(replica)?;
    users::table.find(1).first::<User>(primary)
}

fn main() {}
