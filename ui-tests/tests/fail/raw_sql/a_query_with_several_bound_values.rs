//! Raw SQL needs a `WriteConn` or a check, however many values are bound to it.

mod asynchronous {
    use diesel::sql_types::{Integer, Nullable, Text};
    use diesel_routing::pg::{ReadConn, WriteConn, read_sql};
    use diesel_routing::{Replica, prelude::*};
    use ui_tests::User;

    async fn find(write: &mut WriteConn, replica: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
        let checked = read_sql!("SELECT * FROM users WHERE id = $1 OR name = $2");
        checked.bind::<Integer, _>(1).bind::<Text, _>("Ann").load::<User>(replica).await?;
        let raw = || diesel::sql_query("SELECT * FROM users WHERE id = $1 OR name = $2");
        raw().bind::<Integer, _>(1).bind::<Text, _>("Ann").load::<User>(write).await?;
        raw().bind::<Integer, _>(1).bind::<Text, _>("Ann").load::<User>(replica).await?;
        raw().bind::<Integer, _>(1).bind::<Nullable<Text>, _>(None::<String>).sql(" LIMIT 1").load(replica).await
    }
}

mod blocking {
    use diesel::sql_types::{Array, Integer};
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::{Replica, sync::prelude::*};
    use ui_tests::User;

    fn find(write: &mut WriteConn, replica: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
        let raw = || diesel::sql_query("SELECT * FROM users WHERE id = $1 OR id = ANY($2)");
        raw().bind::<Integer, _>(1).bind::<Array<Integer>, _>(vec![2]).load::<User>(write)?;
        raw().bind::<Integer, _>(1).bind::<Array<Integer>, _>(vec![2]).load::<User>(replica)?;
        raw().into_boxed().bind::<Integer, _>(1).bind::<Array<Integer>, _>(vec![2]).load(replica)
    }
}

fn main() {}
