//! Transactions and database sessions inside a test's transaction, on PostgreSQL: as in production.

use diesel::result::Error::RollbackTransaction;

use super::values::value;
use super::world::{name, rename};
use super::*;

/// Returns the outcome of a body under a test, which is its outcome in production.
macro_rules! in_either {
    (|$router:ident| $body:block) => {{
        let cluster = Cluster::start(0);
        let test = wait!(TestRouter::new(cluster.primary_url())).unwrap();
        let under_test = {
            let $router = test.router();
            $body
        };
        wait!(test.finish()).unwrap();
        let production = wait!(builder().primary(cluster.primary()).build()).unwrap();
        let in_production = {
            let $router = &production;
            $body
        };
        assert_eq!(under_test, in_production);
        in_production
    }};
}

/// Renames user 1.
macro_rules! put {
    ($tx:expr, $name:literal) => {{
        let row = diesel::update(users::table.find(1));
        wait!(row.set(users::name.eq($name)).execute($tx))
    }};
}

/// Adds a second `bob`, which the server refuses.
macro_rules! fail {
    ($tx:expr) => {{
        let row = diesel::insert_into(users::table).values(users::name.eq("bob"));
        wait!(row.execute($tx)).unwrap_err()
    }};
}

#[test]
fn a_transaction_whose_failed_statement_was_ignored_is_rolled_back_without_a_word() {
    run(async {
        let outcome = in_either!(|router| {
            let mut conn = wait!(router.write()).unwrap();
            let done = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
                put!(tx, "annie")?;
                fail!(tx);
                Ok(())
            })));
            (done, name(&mut conn).await)
        });
        assert_eq!(outcome, (Ok(()), "ann".to_owned()));
    });
}

#[test]
fn a_savepoint_that_fails_leaves_the_transaction_around_it_as_it_was() {
    run(async {
        let name = in_either!(|router| {
            let mut conn = wait!(router.write()).unwrap();
            wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
                put!(tx, "annie")?;
                let inner = wait!(tx.transaction(body!(|tx| -> QueryResult<()> {
                    fail!(tx);
                    Err(RollbackTransaction)
                })));
                assert_eq!(inner, Err(RollbackTransaction));
                Ok(())
            })))
            .unwrap();
            name(&mut conn).await
        });
        assert_eq!(name, "annie");
    });
}

/// In blocking code, the outer one was rolled back under a test, and said that it was committed.
#[test]
fn an_inner_transaction_that_ignores_a_failed_statement_ends_as_in_production() {
    run(async {
        let outcome = in_either!(|router| {
            let mut conn = wait!(router.write()).unwrap();
            let done = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
                put!(tx, "annie")?;
                let inner = wait!(tx.transaction(body!(|tx| -> QueryResult<()> {
                    fail!(tx);
                    Ok(())
                })));
                inner.unwrap_err();
                Ok(())
            })));
            (done, name(&mut conn).await)
        });
        // Diesel goes back to the savepoint that cannot be released, diesel-async does not.
        assert_eq!(outcome.0, Ok(()));
    });
}

#[test]
fn every_kind_of_transaction_begins_after_a_statement_that_failed() {
    run(async {
        let names = in_either!(|router| {
            let mut conn = wait!(router.write()).unwrap();
            fail!(&mut conn);
            wait!(conn.transaction(body!(|tx| -> QueryResult<usize> { put!(tx, "anna") })))
                .unwrap();
            fail!(&mut conn);
            wait!(
                conn.build_transaction()
                    .serializable()
                    .run(body!(|tx| -> QueryResult<usize> { put!(tx, "annie") }))
            )
            .unwrap();
            fail!(&mut conn);
            let seen = wait!(conn.snapshot(body!(|tx| -> QueryResult<String> {
                wait!(users::table.find(1).select(users::name).first(tx))
            })));
            (seen.unwrap(), name(&mut conn).await)
        });
        assert_eq!(names, ("annie".to_owned(), "annie".to_owned()));
    });
}

#[test]
fn a_transaction_that_was_built_is_read_only_and_outside_of_others() {
    run(async {
        in_either!(|router| {
            let mut conn = wait!(router.write()).unwrap();
            let refused = wait!(
                conn.build_transaction()
                    .read_only()
                    .run(body!(|tx| -> QueryResult<usize> { put!(tx, "anna") }))
            );
            Cluster::assert_read_only(&refused.unwrap_err());
            let hidden = ReadSql::vouch("UPDATE users SET name = 'x'");
            let refused = wait!(conn.snapshot(body!(|tx| -> QueryResult<usize> {
                wait!(hidden.execute(tx))
            })));
            Cluster::assert_read_only(&refused.unwrap_err());
            rename(&mut conn, "anna").await;
            let inner = wait!(conn.transaction(body!(|tx| -> QueryResult<usize> {
                wait!(
                    tx.build_transaction()
                        .run(body!(|tx| -> QueryResult<usize> { put!(tx, "annie") }))
                )
            })));
            (inner.unwrap_err().to_string(), name(&mut conn).await)
        });
    });
}

#[test]
fn a_handle_that_has_locked_rows_is_refused_writes_again() {
    run(async {
        let (locked, name) = in_either!(|router| {
            let mut conn = wait!(router.read_primary()).unwrap();
            let row = || users::table.find(1).select(users::name).for_update();
            let locked = wait!(conn.transaction(body!(|tx| -> QueryResult<String> {
                wait!(tx.transaction(body!(|tx| -> QueryResult<String> {
                    wait!(row().first(tx))
                })))?;
                wait!(row().first(tx))
            })));
            let hidden = ReadSql::vouch("UPDATE users SET name = 'x'");
            let refused = wait!(hidden.execute(&mut conn)).unwrap_err();
            Cluster::assert_read_only(&refused);
            (locked, name(&mut conn).await)
        });
        assert_eq!((locked.as_deref(), &*name), (Ok("ann"), "ann"));
    });
}

#[test]
fn what_a_handle_leaves_in_the_database_session_the_next_one_does_not_find() {
    run(async {
        let cluster = Cluster::start(0);
        let hooked = builder().on_connect(hook!(|conn| {
            wait!(conn.batch_execute("SET application_name = 'hooked'"))
        }));
        let test = TestRouter::builder(cluster.primary_url()).router(hooked);
        let test = wait!(test.build()).unwrap();
        let (path, application) = (
            "current_setting('search_path')",
            "current_setting('application_name')",
        );
        let mut conn = wait!(test.write()).unwrap();
        let before = value(&mut conn, path).await;
        let set = "SET search_path = pg_catalog; SET application_name = 'mine'";
        wait!(conn.batch_execute(set)).unwrap();
        drop(conn);
        let mut conn = wait!(test.write()).unwrap();
        assert_eq!(value(&mut conn, path).await, before);
        assert_eq!(value(&mut conn, application).await, "hooked");
        drop(conn);

        // Nor a transaction, if one is open beside that.
        let router = test.router().clone();
        let handler = std::thread::spawn(move || {
            run(async move {
                let mut conn = wait!(router.write()).unwrap();
                let panics = conn.transaction(body!(|tx| -> QueryResult<()> {
                    put!(tx, "annie")?;
                    wait!(tx.batch_execute("SET search_path = pg_catalog"))?;
                    panic!("on purpose")
                }));
                wait!(panics).unwrap();
            })
        });
        handler.join().unwrap_err();
        let mut conn = wait!(test.write()).unwrap();
        assert_eq!(value(&mut conn, path).await, before);
        assert_eq!(name(&mut conn).await, "ann");
        wait!(
            conn.build_transaction()
                .run(body!(|tx| -> QueryResult<usize> { put!(tx, "anna") }))
        )
        .unwrap();
    });
}

#[test]
fn a_change_of_the_schema_under_test_spoils_one_statement_and_no_more() {
    run(async {
        let cluster = Cluster::start(0);
        let test = wait!(TestRouter::new(cluster.primary_url())).unwrap();
        assert_eq!(name(&mut wait!(test.read()).unwrap()).await, "ann");
        let alter = "ALTER TABLE users ALTER COLUMN name TYPE text";
        wait!(wait!(test.write()).unwrap().batch_execute(alter)).unwrap();
        let mut conn = wait!(test.read()).unwrap();
        let row = users::table.find(1).select(users::name);
        let spoilt: QueryResult<String> = wait!(row.first(&mut *conn));
        let error = spoilt.unwrap_err();
        assert!(error.to_string().contains("cached plan"), "{error}");
        drop(conn);
        for _ in 0..2 {
            assert_eq!(name(&mut wait!(test.read()).unwrap()).await, "ann");
        }
        wait!(test.finish()).unwrap();
    });
}

#[test]
fn a_loan_whose_transaction_is_in_an_unknown_state_is_undone() {
    run(async {
        let cluster = Cluster::start(0);
        let test = wait!(TestRouter::new(cluster.primary_url())).unwrap();
        rename(&mut wait!(test.write()).unwrap(), "anna").await;
        let mut conn = wait!(test.write()).unwrap();
        rename(&mut conn, "annie").await;
        let mut raw = conn.raw_counts_as_write().unwrap();
        AnsiTransactionManager::transaction_manager_status_mut(&mut *raw).set_in_error();
        drop(raw);
        drop(conn);
        let mut conn = wait!(test.write()).unwrap();
        assert_eq!(name(&mut conn).await, "anna");
        rename(&mut conn, "annie").await;
        drop(conn);
        assert_eq!(name(&mut wait!(test.read()).unwrap()).await, "annie");
        wait!(test.finish()).unwrap();
    });
}
