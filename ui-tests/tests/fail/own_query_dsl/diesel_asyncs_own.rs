//! diesel-async's own `RunQueryDsl` checks no effect, and takes no read handle.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::{Primary, Replica};
use ui_tests::{User, users};

async fn find(
    write: &mut WriteConn,
    replica: &mut ReadConn<Replica>,
    primary: &mut ReadConn<Primary>,
) -> QueryResult<User> {
    diesel::delete(users::table).execute(write).await?;
    diesel::delete(users::table).execute(replica).await?;
    users::table.find(1).first::<User>(primary).await
}

fn main() {}
