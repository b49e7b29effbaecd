//! `COPY .. FROM` needs a `WriteConn`.

use diesel::result::Error;
use diesel_routing::sync::pg::{ReadConn, WriteConn};
use diesel_routing::sync::prelude::*;
use diesel_routing::{Primary, Replica};
use ui_tests::users;

fn copy_from(
    write: &mut WriteConn,
    replica: &mut ReadConn<Replica>,
    primary: &mut ReadConn<Primary>,
) -> QueryResult<()> {
    let statement = || diesel::copy_from(users::table).from_raw_data(users::table, |_| Ok::<_, Error>(()));
    statement().execute(write)?;
    statement().execute(replica)?;
    statement().execute(primary)?;
    Ok(())
}

fn main() {}
