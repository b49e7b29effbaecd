//! Writes through shared handles: what the session remembers, in whichever order the answers come.

use std::time::Duration;

use diesel::dsl::select;
use diesel::result::Error::RollbackTransaction;
use diesel::sql_types::Text;
use diesel_async::{AnsiTransactionManager, TransactionManager};
use futures_util::future::{FutureExt as _, join, try_join};

use super::world::{World, is_marked};
use super::*;

diesel::define_sql_function! {
    /// Renames user 1.
    fn put_name(name: Text) -> Integer;
}

/// Renames a user.
macro_rules! rename {
    ($id:expr, $name:expr) => {
        diesel::update(users::table.find($id)).set(users::name.eq($name))
    };
}

async fn world() -> World {
    World::with(1, |builder| {
        builder.token_keys(TokenKeys::new(1, [7; 32]).unwrap())
    })
    .await
}

/// Whether another process has to expect a write of the session's: it wrote lately, or is writing.
async fn is_writing(world: &World, session: &Session) -> bool {
    let token = session.token().await.unwrap();
    is_marked(&world.router.resume(token.as_str())).await
}

async fn name_of(conn: &mut ReadConn<Replica>, id: i32) -> String {
    let name = users::table.find(id).select(users::name);
    name.first(conn).await.unwrap()
}

#[test]
fn a_write_counts_once_its_outcome_is_known_while_another_is_under_way() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let conn = session.write().await.unwrap();
        assert!(!is_marked(&session).await);
        let mut blocker = world.router.write().await.unwrap();
        open_transaction(&mut blocker).await.unwrap();
        let lock = users::table.find(1).for_update();
        lock.first::<User>(&mut blocker).await.unwrap();
        // The first is answered; the second waits for the lock.
        let both = try_join(
            async {
                let renamed = rename!(2, "berta").execute(&mut &conn).await;
                world.clock.advance(Duration::from_secs(3600));
                assert!(is_writing(&world, &session).await, "the other");
                rollback(&mut blocker).await.unwrap();
                renamed
            },
            rename!(1, "anna").execute(&mut &conn),
        );
        assert_eq!(both.await, Ok((1, 1)));
        assert!(is_marked(&session).await);
        world.clock.advance(Duration::from_secs(3600));
        assert!(!is_writing(&world, &session).await);
    });
}

#[test]
fn writes_that_end_one_after_the_other_count_until_the_last_has() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let conn = session.write().await.unwrap();
        let first = rename!(1, "anna").execute(&mut &conn);
        let second = rename!(2, "berta").execute(&mut &conn);
        assert_eq!(second.await, Ok(1));
        world.clock.advance(Duration::from_secs(3600));
        assert!(!is_marked(&session).await, "the second was long ago");
        assert!(is_writing(&world, &session).await, "the first");
        assert_eq!(first.await, Ok(1));
        assert!(is_marked(&session).await, "it is recent");
        world.clock.advance(Duration::from_secs(3600));
        assert!(!is_writing(&world, &session).await);
        drop(conn);
        assert!(!is_marked(&session).await, "each has had its outcome");
    });
}

#[test]
fn a_write_that_is_dropped_counts_and_the_others_go_on() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let conn = session.write().await.unwrap();
        // Slow enough not to be answered by the first poll.
        let abandoned = "UPDATE users SET name = 'anna' FROM pg_sleep(0.2) WHERE id = 1";
        let abandoned = diesel::sql_query(abandoned).execute(&mut &conn);
        let read = users::table.count().get_result::<i64>(&mut &conn);
        // Sent, and given up.
        assert_eq!(abandoned.now_or_never(), None);
        assert!(is_marked(&session).await, "its outcome is unknown");
        assert_eq!(read.await, Ok(2));
        let names = users::table.order(users::id).select(users::name);
        let names: Vec<String> = names.load(&mut &conn).await.unwrap();
        assert_eq!(names.len(), 2, "each has its own answer");
        world.clock.advance(Duration::from_secs(3600));
        assert!(!is_writing(&world, &session).await);
        // One that was never sent, too: nobody knows.
        drop(rename!(1, "berta").execute(&mut &conn));
        assert!(is_marked(&session).await);
    });
}

#[test]
fn a_write_that_is_leaked_is_unknown_as_its_connection_goes_back() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let conn = session.write().await.unwrap();
        std::mem::forget(rename!(1, "anna").execute(&mut &conn));
        assert!(!is_marked(&session).await && is_writing(&world, &session).await);
        drop(conn);
        assert!(is_marked(&session).await, "its outcome is unknown");
        world.clock.advance(Duration::from_secs(3600));
        assert!(!is_writing(&world, &session).await);
    });
}

#[test]
fn a_write_that_the_server_refused_does_not_count_and_one_beside_it_does() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let conn = session.write().await.unwrap();
        let twice = rename!(1, "bob").execute(&mut &conn);
        twice.await.unwrap_err();
        assert!(!is_marked(&session).await);
        let (refused, renamed) = join(
            rename!(1, "bob").execute(&mut &conn),
            rename!(1, "anna").execute(&mut &conn),
        )
        .await;
        refused.unwrap_err();
        assert_eq!(renamed, Ok(1));
        assert!(is_marked(&session).await);
    });
}

#[test]
fn reads_leave_no_mark_and_see_the_writes_before_them_in_the_pipeline() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let conn = session.write().await.unwrap();
        let name = || users::table.find(1).select(users::name);
        try_join(
            users::table.count().get_result::<i64>(&mut &conn),
            name().first::<String>(&mut &conn),
        )
        .await
        .unwrap();
        assert!(!is_marked(&session).await);
        let read = try_join(
            rename!(1, "anna")
                .returning(users::name)
                .get_result::<String>(&mut &conn),
            name().first::<String>(&mut &conn),
        );
        assert_eq!(read.await, Ok(("anna".to_owned(), "anna".to_owned())));
        // The read's answer is looked at first.
        let write = rename!(1, "berta").execute(&mut &conn);
        let read = name().first::<String>(&mut &conn);
        let (read, wrote) = try_join(read, write).await.unwrap();
        assert_eq!((&*read, wrote), ("anna", 1), "it was sent before the write");
        assert!(is_marked(&session).await);
    });
}

#[test]
fn a_function_that_may_write_counts_through_a_shared_read_handle() {
    run(async {
        let world = world().await;
        world.cluster.create_functions();
        let session = world.router.session();
        let conn = session.write().await.unwrap();
        let read: &ReadConn<Primary> = &conn;
        select(put_name("anna"))
            .get_result::<i32>(&mut &*read)
            .await
            .unwrap();
        assert!(is_writing(&world, &session).await);
        let mut conn = conn;
        // Its own outcome is not that of the function's.
        rename!(1, "bob").execute(&mut conn).await.unwrap_err();
        assert!(is_marked(&session).await);
        drop(conn);
        assert!(is_marked(&session).await);

        let session = world.router.session();
        let conn = session.write().await.unwrap();
        select(put_name("anna"))
            .get_result::<i32>(&mut &conn)
            .await
            .unwrap();
        assert!(is_marked(&session).await);
        drop(conn);
        // One that is called by SQL which was checked before it ran.
        let session = world.router.session();
        let conn = session.write().await.unwrap();
        let read: &ReadConn<Primary> = &conn;
        let call = ReadSql::check("SELECT put_name('berta') AS id").unwrap();
        call.execute(&mut &*read).await.unwrap();
        assert!(is_writing(&world, &session).await);
        drop(conn);
        let session = world.router.session();
        let mut reader = session.read_primary().await.unwrap();
        let called = reader.transaction(async |tx| -> QueryResult<i32> {
            select(put_name("clara")).get_result(&mut &*tx).await
        });
        called.await.unwrap();
        assert!(is_marked(&session).await);
    });
}

#[test]
fn in_a_transaction_writes_wait_for_its_end() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let mut conn = session.write().await.unwrap();
        let undone = conn
            .transaction(async |tx| -> QueryResult<()> {
                let conn = &*tx;
                let renamed = try_join(
                    rename!(1, "anna").execute(&mut &*conn),
                    rename!(2, "berta").execute(&mut &*conn),
                );
                assert_eq!(renamed.await?, (1, 1));
                Err(RollbackTransaction)
            })
            .await;
        assert_eq!(undone, Err(RollbackTransaction));
        assert!(!is_writing(&world, &session).await);
        conn.transaction(async |tx| -> QueryResult<()> {
            tx.transaction(async |inner| -> QueryResult<()> {
                rename!(1, "anna").execute(&mut &*inner).await?;
                Err(RollbackTransaction)
            })
            .await
            .unwrap_err();
            Ok(())
        })
        .await
        .unwrap();
        assert!(!is_marked(&session).await, "its savepoint was rolled back");
        conn.transaction(async |tx| -> QueryResult<()> {
            rename!(1, "anna").execute(&mut &*tx).await?;
            Ok(())
        })
        .await
        .unwrap();
        assert!(is_marked(&session).await);
        drop(conn);
        world.clock.advance(Duration::from_secs(3600));
        assert!(!is_marked(&session).await);
    });
}

#[test]
fn a_statement_that_fails_in_a_transaction_takes_those_after_it_along() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let mut conn = session.write().await.unwrap();
        let failed = conn
            .transaction(async |tx| -> QueryResult<()> {
                let conn = &*tx;
                let (first, refused, after) = futures_util::future::join3(
                    rename!(1, "anna").execute(&mut &*conn),
                    rename!(2, "anna").execute(&mut &*conn),
                    rename!(2, "berta").execute(&mut &*conn),
                )
                .await;
                assert_eq!(first, Ok(1));
                let words = after.unwrap_err().to_string();
                assert!(words.contains("transaction is aborted"), "{words}");
                refused.map(drop)
            })
            .await;
        assert!(failed.unwrap_err().to_string().contains("duplicate key"));
        assert!(!is_marked(&session).await, "all of it was rolled back");
        let name = users::table.find(1).select(users::name);
        assert_eq!(name.first::<String>(&mut conn).await.unwrap(), "ann");
    });
}

#[test]
fn a_write_in_a_transaction_of_the_raw_connections_waits_for_its_end() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let mut conn = session.write().await.unwrap();
        let mut raw = conn.raw_counts_as_write().unwrap();
        AnsiTransactionManager::begin_transaction(&mut *raw)
            .await
            .unwrap();
        drop(raw);
        world.clock.advance(Duration::from_secs(3600));
        rename!(1, "anna").execute(&mut &conn).await.unwrap();
        world.clock.advance(Duration::from_secs(3600));
        assert!(is_writing(&world, &session).await, "it is not committed");
        rollback(&mut conn).await.unwrap();
        assert!(!is_writing(&world, &session).await);
        drop(conn);
        let mut conn = session.write().await.unwrap();
        assert_eq!(name_of(&mut conn, 1).await, "ann");
    });
}

#[test]
fn a_batch_counts_whatever_comes_of_it() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let conn = session.write().await.unwrap();
        let batch = "UPDATE users SET name = 'anna' WHERE id = 1; SELECT 1 / 0";
        let mut shared = &conn;
        shared.batch_execute(batch).await.unwrap_err();
        assert!(is_marked(&session).await);
        world.clock.advance(Duration::from_secs(3600));
        assert!(!is_marked(&session).await);
        shared.batch_execute("SELECT 1").await.unwrap();
        assert!(is_marked(&session).await);
    });
}

#[test]
fn a_batch_that_commits_by_itself_counts_whatever_comes_after_it() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let conn = session.write().await.unwrap();
        // The error alone would say that nothing was written.
        let batch = "BEGIN; UPDATE users SET name = 'anna' WHERE id = 1; COMMIT; UPDATE users SET name = 'anna'";
        let mut shared = &conn;
        let error = shared.batch_execute(batch).await.unwrap_err();
        assert!(error.to_string().contains("duplicate key"), "{error}");
        assert!(is_marked(&session).await);
        drop(conn);
        world.clock.advance(Duration::from_secs(3600));

        let mut conn = session.write().await.unwrap();
        let rolled_back = conn.transaction(async |tx| -> QueryResult<()> {
            let batch = "UPDATE users SET name = 'berta' WHERE id = 1; COMMIT";
            (&*tx).batch_execute(batch).await?;
            Err(RollbackTransaction)
        });
        rolled_back.await.unwrap_err();
        assert!(is_marked(&session).await);
        drop(conn);
        world.clock.advance(Duration::from_secs(3600));
        let mut conn = session.read().await.unwrap();
        assert_eq!(name_of(&mut conn, 1).await, "berta");
    });
}

#[test]
fn after_a_raw_connection_that_was_leaked_a_write_counts_whatever_its_answer() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        let mut conn = session.write().await.unwrap();
        std::mem::forget(conn.raw_counts_as_write().unwrap());
        assert!(!is_marked(&session).await);
        // It may be in a transaction or not.
        rename!(1, "bob").execute(&mut &conn).await.unwrap_err();
        assert!(is_marked(&session).await);
    });
}
