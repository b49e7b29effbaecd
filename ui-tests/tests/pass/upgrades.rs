//! A replica's handle becomes one that has seen the session's writes.

use diesel_routing::Error;
use ui_tests::{User, users};

mod asynchronous {
    use super::*;
    use diesel_routing::pg::{Router, Session};
    use diesel_routing::prelude::*;

    async fn read(router: &Router) -> Result<User, Error> {
        let session: Session = router.session();
        let mut replica = session.read_eventual().await?;
        users::table.find(1).first::<User>(&mut replica).await?;
        let mut caught_up = replica.upgrade(&session).await?;
        Ok(users::table.find(1).first(&mut caught_up).await?)
    }
}

mod blocking {
    use super::*;
    use diesel_routing::sync::pg::{Router, Session};
    use diesel_routing::sync::prelude::*;

    fn read(router: &Router) -> Result<User, Error> {
        let session: Session = router.session();
        let mut replica = session.read_eventual()?;
        users::table.find(1).first::<User>(&mut replica)?;
        let mut caught_up = replica.upgrade(&session)?;
        Ok(users::table.find(1).first(&mut caught_up)?)
    }
}
