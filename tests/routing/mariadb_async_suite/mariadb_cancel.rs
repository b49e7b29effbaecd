//! Futures dropped half-way on the connection of `mysql_async`.

use std::future::pending;
use std::pin::pin;

use futures_util::future::{Either, FutureExt as _, select};
use tokio::sync::oneshot;

use super::world::{World, count, is_marked, name};
use super::*;

#[test]
fn statements_and_transactions_dropped_half_way_leave_nothing_behind() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let mut conn = world.router.read_primary().await.unwrap();
        let slow = ReadSql::vouch(Cluster::SLOW).execute(&mut conn);
        assert!(slow.now_or_never().is_none());
        drop(conn);
        let mut conn = world.router.read_primary().await.unwrap();
        assert_eq!(name(&mut conn).await, "ann");
        drop(conn);

        let session = world.router.session();
        let mut conn = session.write().await.unwrap();
        let (reached, signal) = oneshot::channel();
        let transaction = conn.transaction(async |tx| -> QueryResult<()> {
            diesel::delete(users::table).execute(tx).await?;
            reached.send(()).unwrap();
            pending().await
        });
        match select(signal, pin!(transaction)).await {
            Either::Left((signal, _)) => signal.unwrap(),
            Either::Right(_) => panic!("it never ends by itself"),
        }
        drop(conn);
        assert!(is_marked(&session).await);
        let mut conn = world.router.write().await.unwrap();
        assert_eq!(count(&mut conn).await, 2);
    });
}
