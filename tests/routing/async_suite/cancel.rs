//! Futures dropped half-way: what the session remembers, and what the pool lends next.

use std::future::pending;
use std::pin::pin;

use futures_util::future::{Either, FutureExt as _, select};
use futures_util::stream::StreamExt as _;
use tokio::sync::oneshot;

use super::world::{World, count, is_marked, name};
use super::*;

/// Runs `future` until `signal` comes, then drops it.
async fn drop_at<T>(signal: oneshot::Receiver<()>, future: impl Future<Output = T>) {
    match select(signal, pin!(future)).await {
        Either::Left((signal, _)) => signal.unwrap(),
        Either::Right(_) => panic!("it never ends by itself"),
    }
}

/// The next user of the only write connection finds it in order, and the rows as they were.
async fn next_user_is_unharmed(world: &World) {
    let mut conn = world.router.write().await.unwrap();
    assert_eq!(count(&mut conn).await, 2);
    conn.transaction(async |tx| -> QueryResult<()> {
        diesel::delete(users::table.find(2)).execute(tx).await?;
        Ok(())
    })
    .await
    .unwrap();
    drop(conn);
    let mut conn = world.router.read_primary().await.unwrap();
    assert_eq!(count(&mut conn).await, 1);
}

#[test]
fn a_write_dropped_half_way_counts() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = session.write().await.unwrap();
        let write = diesel::delete(users::table).execute(&mut conn);
        let _ = write.now_or_never();
        assert!(is_marked(&session).await);
    });
}

#[test]
fn a_batch_dropped_half_way_counts() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = session.write().await.unwrap();
        let _ = conn.batch_execute("DELETE FROM users").now_or_never();
        assert!(is_marked(&session).await);
    });
}

#[test]
fn a_transaction_dropped_half_way_is_rolled_back_and_counts() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let session = world.router.session();
        let mut conn = session.write().await.unwrap();
        let (reached, signal) = oneshot::channel();
        let transaction = conn.transaction(async |tx| -> QueryResult<()> {
            diesel::delete(users::table).execute(tx).await?;
            reached.send(()).unwrap();
            pending().await
        });
        drop_at(signal, transaction).await;
        drop(conn);
        assert!(is_marked(&session).await, "its outcome is unknown");
        next_user_is_unharmed(&world).await;
    });
}

#[test]
fn a_savepoint_dropped_half_way_takes_its_connection_along() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let mut conn = world.router.write().await.unwrap();
        let (reached, signal) = oneshot::channel();
        let transaction = conn.transaction(async |tx| -> QueryResult<()> {
            diesel::delete(users::table).execute(tx).await?;
            tx.transaction(async |_| -> QueryResult<()> {
                reached.send(()).unwrap();
                pending().await
            })
            .await
        });
        drop_at(signal, transaction).await;
        drop(conn);
        next_user_is_unharmed(&world).await;
    });
}

#[test]
fn a_snapshot_dropped_half_way_takes_its_connection_along() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        world.cluster.catch_up();
        let mut conn = world.router.read_eventual().await.unwrap();
        let (reached, signal) = oneshot::channel();
        let snapshot = conn.snapshot(async |tx| -> QueryResult<()> {
            users::table.load::<User>(tx).await?;
            reached.send(()).unwrap();
            pending().await
        });
        drop_at(signal, snapshot).await;
        drop(conn);
        let mut conn = world.router.read_eventual().await.unwrap();
        let rows = conn
            .snapshot(async |tx| -> QueryResult<i64> { users::table.count().get_result(tx).await })
            .await;
        assert_eq!(rows, Ok(2));
    });
}

#[test]
fn a_transaction_dropped_while_it_begins_or_commits_takes_its_connection_along() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let mut conn = world.router.write().await.unwrap();
        // A server that answers at once leaves nothing to drop: try again.
        let left_half_way = (0..1000).any(|_| {
            let begun = conn.transaction(async |_| -> QueryResult<()> { Ok(()) });
            begun.now_or_never().is_none()
        });
        assert!(left_half_way, "one of them waits for the BEGIN");
        drop(conn);
        next_user_is_unharmed(&world).await;
    });
}

#[test]
fn an_aborted_task_leaves_nothing_behind() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let (reached, signal) = oneshot::channel();
        let router = world.router.clone();
        let task = tokio::spawn(async move {
            let mut conn = router.write().await.unwrap();
            conn.transaction(async |tx| -> QueryResult<()> {
                diesel::delete(users::table).execute(tx).await?;
                reached.send(()).unwrap();
                pending().await
            })
            .await
        });
        signal.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        next_user_is_unharmed(&world).await;
    });
}

#[test]
fn a_panic_inside_a_transaction_leaves_nothing_behind() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let router = world.router.clone();
        let task = tokio::spawn(async move {
            let mut conn = router.write().await.unwrap();
            conn.transaction(async |tx| -> QueryResult<()> {
                diesel::delete(users::table).execute(tx).await?;
                panic!("a bug in the body")
            })
            .await
        });
        assert!(task.await.unwrap_err().is_panic());
        next_user_is_unharmed(&world).await;
    });
}

#[test]
fn a_checkout_dropped_while_it_waits_takes_no_connection() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let held = world.router.write().await.unwrap();
        assert!(world.router.write().now_or_never().is_none());
        drop(held);
        next_user_is_unharmed(&world).await;
    });
}

#[test]
fn a_handle_goes_on_after_a_read_that_took_too_long() {
    run(async {
        let world = World::start(0).await;
        let mut conn = world.router.read_primary().await.unwrap();
        let slow = ReadSql::vouch(Cluster::SLOW).execute(&mut conn);
        assert!(slow.now_or_never().is_none());
        assert_eq!(name(&mut conn).await, "ann");
    });
}

#[test]
fn a_handle_dropped_with_a_read_under_way_leaves_nothing_behind() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let mut conn = world.router.read_primary().await.unwrap();
        let slow = ReadSql::vouch(Cluster::SLOW).execute(&mut conn);
        assert!(slow.now_or_never().is_none());
        drop(conn);
        let mut conn = world.router.read_primary().await.unwrap();
        assert_eq!(name(&mut conn).await, "ann");
    });
}

#[test]
fn a_write_handle_dropped_with_a_statement_under_way_leaves_nothing_behind() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let mut conn = world.router.write().await.unwrap();
        assert!(conn.batch_execute(Cluster::SLOW).now_or_never().is_none());
        drop(conn);
        next_user_is_unharmed(&world).await;
    });
}

#[test]
fn a_transaction_dropped_with_a_statement_under_way_leaves_nothing_behind() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let mut conn = world.router.write().await.unwrap();
        let (reached, signal) = oneshot::channel();
        let transaction = conn.transaction(async |tx| -> QueryResult<()> {
            diesel::delete(users::table).execute(tx).await?;
            assert!(tx.batch_execute(Cluster::SLOW).now_or_never().is_none());
            reached.send(()).unwrap();
            pending().await
        });
        drop_at(signal, transaction).await;
        drop(conn);
        next_user_is_unharmed(&world).await;
    });
}

#[test]
fn rows_can_be_streamed_and_left_half_way() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let mut conn = world.router.read_eventual().await.unwrap();
        let mut rows = users::table
            .order(users::id)
            .load_stream::<User>(&mut conn)
            .await
            .unwrap();
        assert_eq!(rows.next().await.unwrap().unwrap().name, "ann");
        drop(rows);
        assert_eq!(count(&mut conn).await, 2);
        drop(conn);
        let mut conn = world.router.write().await.unwrap();
        let all: Vec<_> = users::table
            .load_stream::<User>(&mut conn)
            .await
            .unwrap()
            .collect()
            .await;
        assert_eq!(all.len(), 2);
    });
}

#[test]
fn the_futures_of_handles_can_be_spawned() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let task = tokio::spawn(async move {
            let mut conn = session.write().await?;
            conn.transaction(async |tx| -> Result<String, Error> {
                tx.snapshot(async |tx| -> Result<String, Error> {
                    let ann = users::table.find(1).select(users::name);
                    Ok(ann.first(tx).await?)
                })
                .await
            })
            .await
        });
        assert_eq!(task.await.unwrap().unwrap(), "ann");
    });
}
