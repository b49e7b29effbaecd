//! What a session remembers of functions of the application's own, which may write.

use diesel::dsl::{exists, select};
use diesel::result::Error::RollbackTransaction;
use diesel::sql_query;
use diesel::sql_types::{Integer, Text};

use super::world::{World, is_marked, name};
use super::*;

diesel::define_sql_function! {
    /// Renames user 1.
    fn put_name(name: Text) -> Integer;
}
diesel::define_sql_function! {
    /// Only reads, and nobody knows.
    fn twice(n: Integer) -> Integer;
}
diesel::define_sql_function! {
    fn lower(text: Text) -> Text;
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Integer)]
    n: i32,
}

async fn world(check: StatementCheck) -> World {
    let world = World::with(1, |builder| builder.statement_check(check)).await;
    world.cluster.create_functions();
    world
}

/// Runs `$use` on a handle that `$take` gives a new session, and says whether the session remembers a write.
macro_rules! marks {
    ($world:expr, $take:ident, |$conn:ident| $use:expr) => {{
        let session = $world.router.session();
        let mut handle = wait!(session.$take()).unwrap();
        let $conn = &mut handle;
        $use;
        drop(handle);
        is_marked(&session).await
    }};
}

#[test]
fn a_call_of_a_function_of_ones_own_counts_on_a_write_handle() {
    run(async {
        let world = world(StatementCheck::default()).await;
        // Twice, because the second time the verdict is known.
        for _ in 0..2 {
            assert!(marks!(world, write, |conn| {
                let id: i32 = wait!(select(put_name("anna")).get_result(conn)).unwrap();
                assert_eq!(id, 1);
            }));
        }
        assert!(marks!(world, write, |conn| {
            let raw = sql_query("SELECT put_name('berta') AS n");
            assert_eq!(wait!(raw.get_result::<Number>(conn)).unwrap().n, 1);
        }));
        assert!(marks!(world, write, |conn| {
            let nested = posts::table
                .filter(posts::user_id.eq(put_name("clara")))
                .select(posts::id)
                .into_boxed();
            wait!(nested.load::<i32>(conn)).unwrap();
        }));
        assert!(marks!(world, write, |conn| {
            let locking = posts::table
                .filter(posts::user_id.eq(put_name("dora")))
                .select(posts::id)
                .for_update();
            wait!(locking.load::<i32>(conn)).unwrap();
        }));
        assert!(marks!(world, write, |conn| {
            wait!(conn.transaction(body!(|tx| -> QueryResult<i32> {
                wait!(select(put_name("emma")).get_result(tx))
            })))
            .unwrap()
        }));
        let mut primary = wait!(world.router.read_primary()).unwrap();
        assert_eq!(name(&mut primary).await, "emma");
    });
}

#[test]
fn a_call_that_was_undone_leaves_no_mark() {
    run(async {
        let world = world(StatementCheck::default()).await;
        assert!(!marks!(world, write, |conn| {
            let undone = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
                let _: i32 = wait!(select(put_name("anna")).get_result(tx))?;
                Err(RollbackTransaction)
            })));
            assert_eq!(undone, Err(RollbackTransaction));
        }));
    });
}

#[test]
fn a_call_through_a_read_handle_that_is_a_write_handle_counts() {
    run(async {
        let world = world(StatementCheck::default()).await;
        assert!(marks!(world, write, |conn| {
            let read: &mut ReadConn<Replica> = &mut *conn;
            let _: i32 = wait!(select(put_name("anna")).get_result(read)).unwrap();
        }));
        assert!(marks!(world, write, |conn| {
            wait!(conn.transaction(body!(|tx| -> QueryResult<i32> {
                let read: &mut ReadConn<Replica> = tx;
                wait!(select(put_name("berta")).get_result(read))
            })))
            .unwrap()
        }));
        assert!(marks!(world, write, |conn| {
            let read: &mut ReadConn<Primary> = &mut *conn;
            let checked = ReadSql::check("SELECT put_name('clara') AS n").unwrap();
            assert_eq!(wait!(checked.get_result::<Number>(read)).unwrap().n, 1);
        }));
        assert!(!marks!(world, write, |conn| {
            let read: &mut ReadConn<Primary> = &mut *conn;
            let checked = ReadSql::check("SELECT max(id) AS n FROM users").unwrap();
            assert_eq!(wait!(checked.get_result::<Number>(read)).unwrap().n, 2);
            assert_eq!(name(read).await, "clara");
        }));
    });
}

#[test]
fn functions_of_the_database_leave_no_mark() {
    run(async {
        let world = world(StatementCheck::default()).await;
        assert!(!marks!(world, write, |conn| {
            let lowered = users::table.select(lower(users::name)).into_boxed();
            wait!(lowered.load::<String>(conn)).unwrap();
            let known =
                users::table.select((diesel::dsl::max(users::id), diesel::dsl::count_star()));
            wait!(known.get_result::<(Option<i32>, i64)>(conn)).unwrap();
            let named = users::table.filter(users::name.eq_any(["ann", "bob"]));
            wait!(select(exists(named)).get_result::<bool>(conn)).unwrap();
            let raw = "SELECT CAST(count(DISTINCT coalesce(nullif(id, 1), 0)) AS DECIMAL(10, 0)) \
                       FROM users WHERE (id, name) IN ((1, lower('A'))) AND now() IS NOT NULL";
            wait!(sql_query(raw).execute(conn)).unwrap();
        }));
    });
}

#[test]
fn a_function_that_is_said_to_be_pure_leaves_no_mark() {
    run(async {
        let world = world(StatementCheck::default().pure("Twice")).await;
        assert!(!marks!(world, write, |conn| {
            let four: i32 = wait!(select(twice(2)).get_result(conn)).unwrap();
            assert_eq!(four, 4);
        }));
        assert!(marks!(world, write, |conn| {
            let _: i32 = wait!(select(twice(put_name("anna"))).get_result(conn)).unwrap();
        }));
        assert!(!marks!(world, read_primary, |conn| {
            wait!(conn.transaction(body!(|tx| -> QueryResult<i32> {
                wait!(select(twice(2)).get_result(tx))
            })))
            .unwrap()
        }));
    });
}

#[test]
fn a_statement_that_is_vouched_for_leaves_no_mark() {
    run(async {
        let world = world(StatementCheck::default()).await;
        let sql = "SELECT twice(2) AS n";
        assert!(!marks!(world, write, |conn| {
            let four = wait!(ReadSql::vouch(sql).get_result::<Number>(conn)).unwrap();
            assert_eq!(four.n, 4);
            let read: &mut ReadConn<Replica> = &mut *conn;
            wait!(ReadSql::vouch(sql).get_result::<Number>(read)).unwrap();
        }));
        // The text is the same, and nobody vouches for it.
        assert!(marks!(world, write, |conn| {
            let checked = ReadSql::check(sql).unwrap();
            wait!(checked.get_result::<Number>(conn)).unwrap();
        }));
        assert!(marks!(world, write, |conn| {
            wait!(sql_query(sql).get_result::<Number>(conn)).unwrap();
        }));
    });
}

#[test]
fn what_a_function_did_in_a_locking_transaction_of_a_read_handle_counts_at_its_commit() {
    run(async {
        let world = world(StatementCheck::default()).await;
        assert!(marks!(world, read_primary, |conn| {
            wait!(conn.transaction(body!(|tx| -> QueryResult<i32> {
                wait!(select(put_name("anna")).get_result(tx))
            })))
            .unwrap()
        }));
        assert!(marks!(world, read_primary, |conn| {
            wait!(conn.transaction(body!(|tx| -> QueryResult<Number> {
                let checked = ReadSql::check("SELECT put_name('berta') AS n").unwrap();
                let weaker: &mut ReadConn<Replica> = tx;
                wait!(checked.get_result(weaker))
            })))
            .unwrap()
        }));
        assert!(marks!(world, read_primary, |conn| {
            wait!(conn.transaction(body!(|tx| -> QueryResult<i32> {
                wait!(tx.transaction(body!(|tx| -> QueryResult<i32> {
                    wait!(select(put_name("clara")).get_result(tx))
                })))
            })))
            .unwrap()
        }));
        let mut primary = wait!(world.router.read_primary()).unwrap();
        assert_eq!(name(&mut primary).await, "clara");
    });
}

#[test]
fn a_locking_transaction_counts_while_its_handle_is_still_out_and_not_before_its_commit() {
    run(async {
        let world = world(StatementCheck::default()).await;
        let session = world.router.session();
        let mut conn = wait!(session.read_primary()).unwrap();
        wait!(conn.transaction(body!(|tx| -> Result<(), Error> {
            let _: i32 = wait!(select(put_name("anna")).get_result(tx))?;
            let before = wait!(session.read())?.route().reason;
            assert_eq!(before, Reason::NothingToCatchUp);
            world.clock.advance(Duration::from_secs(60));
            Ok(())
        })))
        .unwrap();
        assert!(is_marked(&session).await);
        drop(conn);
    });
}

#[test]
fn a_locking_transaction_that_wrote_nothing_or_was_undone_leaves_no_mark() {
    run(async {
        let world = world(StatementCheck::default()).await;
        assert!(!marks!(world, read_primary, |conn| {
            wait!(conn.transaction(body!(|tx| -> QueryResult<User> {
                wait!(users::table.find(1).for_update().first(tx))
            })))
            .unwrap()
        }));
        assert!(!marks!(world, read_primary, |conn| {
            let undone = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
                let _: i32 = wait!(select(put_name("anna")).get_result(tx))?;
                Err(RollbackTransaction)
            })));
            assert_eq!(undone, Err(RollbackTransaction));
            // A savepoint's writes go with it.
            wait!(conn.transaction(body!(|tx| -> QueryResult<User> {
                let undone = wait!(tx.transaction(body!(|tx| -> QueryResult<()> {
                    let _: i32 = wait!(select(put_name("anna")).get_result(tx))?;
                    Err(RollbackTransaction)
                })));
                assert_eq!(undone, Err(RollbackTransaction));
                wait!(users::table.find(1).first(tx))
            })))
            .unwrap()
        }));
    });
}

/// It stays a read for the check, and the server refuses what the function does.
#[test]
fn a_call_that_writes_is_refused_by_the_server_on_a_read_handle() {
    run(async {
        let world = world(StatementCheck::default()).await;
        for take in [true, false] {
            let session = world.router.session();
            let refused = if take {
                let mut conn = wait!(session.read()).unwrap();
                wait!(select(put_name("anna")).get_result::<i32>(&mut conn))
            } else {
                let mut conn = wait!(session.read_primary()).unwrap();
                let four: i32 = wait!(select(twice(2)).get_result(&mut conn)).unwrap();
                assert_eq!(four, 4);
                wait!(select(put_name("anna")).get_result::<i32>(&mut conn))
            };
            let error = refused.unwrap_err().to_string();
            assert!(error.to_lowercase().contains("read"), "{error}");
            assert!(!is_marked(&session).await);
        }
    });
}

#[test]
fn a_call_of_a_procedure_counts() {
    run(async {
        let world = world(StatementCheck::default()).await;
        assert!(marks!(world, write, |conn| {
            wait!(sql_query("CALL rename_first('anna')").execute(conn)).unwrap();
        }));
        // It may commit, or change what no rollback undoes.
        assert!(marks!(world, write, |conn| {
            let undone = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
                wait!(sql_query("CALL rename_first('berta')").execute(tx))?;
                Err(RollbackTransaction)
            })));
            assert_eq!(undone, Err(RollbackTransaction));
        }));
        let mut primary = wait!(world.router.read_primary()).unwrap();
        assert_eq!(name(&mut primary).await, "anna");
    });
}
