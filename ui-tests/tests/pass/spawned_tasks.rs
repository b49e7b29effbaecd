//! Futures on handles are `Send`: they run on tokio's threads, transactions and streams included.

use diesel_routing::pg::Session;
use diesel_routing::{Error, prelude::*};
use futures_util::TryStreamExt;
use ui_tests::{User, users};

async fn sign_up(session: Session, name: String) -> Result<i64, Error> {
    let mut write = session.write().await?;
    write
        .transaction(async |tx| {
            diesel::insert_into(users::table)
                .values(users::name.eq(&name))
                .execute(tx)
                .await?;
            tx.transaction(async |tx| {
                users::table
                    .filter(users::name.eq(&name))
                    .first::<User>(tx)
                    .await
            })
            .await
        })
        .await?;
    drop(write);

    let mut primary = session.read_primary().await?;
    primary
        .transaction(async |tx| users::table.for_update().load::<User>(tx).await)
        .await?;
    let mut read = session.read().await?;
    read.snapshot(async |tx| users::table.count().get_result::<i64>(tx).await)
        .await?;
    let rows: Vec<User> = users::table
        .load_stream::<User>(&mut read)
        .await?
        .try_collect()
        .await?;
    let ann: User = rows[0]
        .clone()
        .save_changes(&mut session.write().await?)
        .await?;
    let mut eventual = session.read_eventual().await?.upgrade(&session).await?;
    Ok(users::table
        .find(ann.id)
        .count()
        .get_result(&mut eventual)
        .await?)
}

fn spawn(session: &Session) {
    for name in ["Ann", "Bob"] {
        tokio::spawn(sign_up(session.clone(), name.to_owned()));
    }
}
