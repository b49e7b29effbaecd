//! What a session remembers as a write, and from when on.

use super::world::{World, count, is_marked, name, rename};
use super::*;

use diesel::result::Error::RollbackTransaction;
use diesel::sql_query;

/// Runs `$use` on a `WriteConn` of a new session, and says whether the session remembers a write.
macro_rules! marks {
    (|$conn:ident| $use:expr) => {{
        let world = World::start(1).await;
        let session = world.router.session();
        let mut handle = wait!(session.write()).unwrap();
        let $conn = &mut handle;
        $use;
        drop(handle);
        is_marked(&session).await
    }};
}

fn eve() -> (
    diesel::dsl::Eq<users::name, &'static str>,
    diesel::dsl::Eq<users::age, i32>,
) {
    (users::name.eq("eve"), users::age.eq(20))
}

#[test]
fn an_insert_counts() {
    run(async {
        assert!(marks!(|conn| wait!(
            diesel::insert_into(users::table)
                .values(eve())
                .execute(conn)
        )
        .unwrap()));
    });
}

#[test]
fn an_update_counts() {
    run(async {
        assert!(marks!(|conn| rename(conn, "anna").await));
    });
}

#[test]
fn a_delete_counts() {
    run(async {
        assert!(marks!(|conn| wait!(
            diesel::delete(users::table).execute(conn)
        )
        .unwrap()));
    });
}

#[test]
fn saved_changes_count() {
    run(async {
        assert!(marks!(|conn| {
            let changes = Rename {
                id: 1,
                name: "anna",
            };
            let user: User = wait!(changes.save_changes(conn)).unwrap();
            assert_eq!(user.name, "anna");
        }));
    });
}

#[test]
fn raw_sql_that_writes_counts() {
    run(async {
        assert!(marks!(|conn| wait!(
            sql_query("DELETE FROM users").execute(conn)
        )
        .unwrap()));
        assert!(marks!(|conn| wait!(
            conn.batch_execute("DELETE FROM users")
        )
        .unwrap()));
    });
}

#[test]
fn the_raw_connection_counts_whatever_is_done_with_it() {
    run(async {
        assert!(marks!(|conn| {
            let mut raw = conn.raw_counts_as_write().unwrap();
            let rows: i64 = wait!(users::table.count().get_result(&mut *raw)).unwrap();
            assert_eq!(rows, 2);
        }));
    });
}

#[test]
fn a_statement_run_by_diesels_own_method_counts() {
    run(async {
        assert!(marks!(|conn| {
            let insert = diesel::insert_into(users::table).values(eve());
            wait!(diesel_dsl::RunQueryDsl::execute(insert, conn)).unwrap()
        }));
        assert!(!marks!(|conn| {
            let all = wait!(diesel_dsl::RunQueryDsl::load::<User>(users::table, conn)).unwrap();
            assert_eq!(all.len(), 2);
        }));
    });
}

#[test]
fn reading_on_a_write_handle_leaves_no_mark() {
    run(async {
        assert!(!marks!(|conn| {
            assert_eq!(wait!(users::table.load::<User>(conn)).unwrap().len(), 2);
            let boxed = users::table.into_boxed();
            assert_eq!(wait!(boxed.load::<User>(conn)).unwrap().len(), 2);
            let raw = sql_query("SELECT * FROM users WHERE id = 1");
            assert_eq!(wait!(raw.get_result::<User>(conn)).unwrap().name, "ann");
            let read: &mut ReadConn<Replica> = &mut *conn;
            assert_eq!(name(read).await, "ann");
        }));
    });
}

#[test]
fn a_rolled_back_transaction_leaves_no_mark() {
    run(async {
        assert!(!marks!(|conn| {
            let undone = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
                wait!(diesel::delete(users::table).execute(tx))?;
                Err(RollbackTransaction)
            })));
            assert_eq!(undone, Err(RollbackTransaction));
        }));
    });
}

#[test]
fn a_transaction_that_only_read_leaves_no_mark() {
    run(async {
        assert!(!marks!(|conn| {
            wait!(conn.transaction(body!(|tx| -> QueryResult<i64> {
                wait!(users::table.count().get_result(tx))
            })))
            .unwrap()
        }));
    });
}

#[test]
fn a_write_in_a_transaction_counts_at_its_commit_and_not_before() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        wait!(conn.transaction(body!(|tx| -> Result<(), Error> {
            wait!(diesel::delete(users::table).execute(tx))?;
            let before = wait!(session.read())?.route().reason;
            assert_eq!(before, Reason::NothingToCatchUp);
            Ok(())
        })))
        .unwrap();
        assert!(is_marked(&session).await, "while the handle is still out");
        drop(conn);
    });
}

#[test]
fn the_window_is_counted_from_the_commit() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            wait!(diesel::delete(users::table).execute(tx))?;
            world.clock.advance(Duration::from_secs(60));
            Ok(())
        })))
        .unwrap();
        world.clock.advance(Duration::from_secs(4));
        assert!(is_marked(&session).await);
    });
}

#[test]
fn a_rolled_back_savepoint_leaves_no_mark() {
    run(async {
        assert!(!marks!(|conn| {
            wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
                let undone = wait!(tx.transaction(body!(|tx| -> QueryResult<()> {
                    wait!(diesel::delete(users::table).execute(tx))?;
                    Err(RollbackTransaction)
                })));
                assert_eq!(undone, Err(RollbackTransaction));
                Ok(())
            })))
            .unwrap();
        }));
    });
}

#[test]
fn a_write_before_a_rolled_back_savepoint_still_counts() {
    run(async {
        assert!(marks!(|conn| {
            wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
                wait!(diesel::delete(posts::table).execute(tx))?;
                let undone = wait!(tx.transaction(body!(|tx| -> QueryResult<()> {
                    wait!(diesel::delete(users::table).execute(tx))?;
                    Err(RollbackTransaction)
                })));
                assert_eq!(undone, Err(RollbackTransaction));
                Ok(())
            })))
            .unwrap();
        }));
    });
}

#[test]
fn a_write_in_a_savepoint_counts_with_the_transaction_around_it() {
    run(async {
        assert!(marks!(|conn| {
            wait!(conn.transaction(body!(|tx| -> QueryResult<usize> {
                wait!(tx.transaction(body!(|tx| -> QueryResult<usize> {
                    wait!(diesel::delete(users::table).execute(tx))
                })))
            })))
            .unwrap()
        }));
        assert!(!marks!(|conn| {
            let undone = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
                wait!(tx.transaction(body!(|tx| -> QueryResult<usize> {
                    wait!(diesel::delete(users::table).execute(tx))
                })))?;
                Err(RollbackTransaction)
            })));
            assert_eq!(undone, Err(RollbackTransaction));
        }));
    });
}

#[test]
fn a_refused_insert_leaves_no_mark() {
    run(async {
        assert!(!marks!(|conn| {
            let twin = diesel::insert_into(users::table).values(users::name.eq("ann"));
            let refused = wait!(twin.execute(conn)).unwrap_err();
            assert!(refused.to_string().to_lowercase().contains("unique"));
        }));
    });
}

// A batch is several statements, and those before the one that fails may have been committed.
#[test]
fn a_batch_that_failed_half_way_counts() {
    run(async {
        assert!(marks!(|conn| {
            let batch = "BEGIN; DELETE FROM posts; COMMIT; INSERT INTO users (name) VALUES ('ann')";
            wait!(conn.batch_execute(batch)).unwrap_err();
        }));
    });
}

// The body may have ended the transaction by itself, and then there is nothing to roll back.
#[test]
fn a_batch_in_a_rolled_back_transaction_counts() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        let _ = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            wait!(tx.batch_execute("DELETE FROM users; COMMIT"))?;
            Err(RollbackTransaction)
        })));
        drop(conn);
        assert_eq!(count(&mut wait!(session.read_primary()).unwrap()).await, 0);
        assert!(is_marked(&session).await);
    });
}

#[test]
fn a_batch_in_a_transaction_counts_again_at_its_commit() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            wait!(tx.batch_execute("DELETE FROM users"))?;
            world.clock.advance(Duration::from_secs(60));
            Ok(())
        })))
        .unwrap();
        drop(conn);
        assert!(is_marked(&session).await);
    });
}

#[test]
fn a_handle_dropped_inside_a_transaction_counts_if_it_wrote() {
    run(async {
        assert!(marks!(|conn| {
            wait!(conn.begin_test_transaction()).unwrap();
            rename(conn, "anna").await;
        }));
        assert!(!marks!(|conn| {
            wait!(conn.begin_test_transaction()).unwrap();
            assert_eq!(name(conn).await, "ann");
        }));
    });
}
