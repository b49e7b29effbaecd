//! `save_changes` is an `UPDATE`, and needs a `WriteConn`.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::User;

    async fn save_changes(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let ann = User { id: 1, name: "Ann".into() };
        ann.save_changes::<User>(write).await?;
        ann.save_changes::<User>(replica).await?;
        ann.save_changes::<User>(caught_up).await?;
        ann.save_changes::<User>(primary).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::User;

    fn save_changes(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let ann = User { id: 1, name: "Ann".into() };
        ann.save_changes::<User>(write)?;
        ann.save_changes::<User>(replica)?;
        ann.save_changes::<User>(caught_up)?;
        ann.save_changes::<User>(primary)?;
        Ok(())
    }
}

fn main() {}
