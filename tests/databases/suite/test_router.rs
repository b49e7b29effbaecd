//! A router for one test: one connection, in one transaction.

use diesel::result::Error::RollbackTransaction;
use diesel_routing::is_not_found;

use super::world::{count, name, rename};
use super::*;

/// Returns the name of user 1 as any other connection has it.
async fn outside(cluster: &Cluster) -> String {
    let router = wait!(builder().primary(cluster.primary()).build()).unwrap();
    let mut conn = wait!(router.read_primary()).unwrap();
    name(&mut conn).await
}

/// Starts a test whose handles wait no time worth mentioning.
async fn impatient(cluster: &Cluster) -> TestRouter {
    let test = TestRouter::builder(cluster.primary_url()).timeout(Duration::from_millis(50));
    wait!(test.build()).unwrap()
}

/// Renames user 1 in a transaction's body, which is no async function's in every flavour.
macro_rules! put {
    ($tx:ident, $name:literal) => {{
        let row = diesel::update(users::table.find(1));
        wait!(row.set(users::name.eq($name)).execute($tx))
    }};
}

async fn insert(conn: &mut WriteConn, name: &str) -> QueryResult<usize> {
    let row = users::name.eq(name);
    wait!(diesel::insert_into(users::table).values(row).execute(conn))
}

#[test]
fn every_handle_has_what_the_test_wrote_and_nothing_is_left_of_it() {
    run(async {
        let cluster = Cluster::start(0);
        let test = wait!(TestRouter::new(cluster.primary_url())).unwrap();
        let session = test.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        {
            let mut conn = wait!(session.read()).unwrap();
            // As in production, while replicas may lack it.
            assert_eq!(conn.route().node, "test", "{}", conn.route());
            assert_eq!(conn.route().reason, Reason::RecentWrite);
            assert_eq!(name(&mut conn).await, "anna");
        }
        let another = test.router().session();
        {
            let mut conn = wait!(another.read()).unwrap();
            assert_eq!(conn.route().node, "test-replica", "{}", conn.route());
            assert_eq!(name(&mut conn).await, "anna");
        }
        assert_eq!(
            name(&mut wait!(another.read_primary()).unwrap()).await,
            "anna"
        );
        assert_eq!(
            name(&mut wait!(test.read_eventual()).unwrap()).await,
            "anna"
        );
        wait!(test.finish()).unwrap();
        assert_eq!(outside(&cluster).await, "ann");

        let test = wait!(TestRouter::new(cluster.primary_url())).unwrap();
        rename(&mut wait!(test.write()).unwrap(), "annie").await;
        drop(test);
        assert_eq!(outside(&cluster).await, "ann", "and without a last word");
    });
}

#[test]
fn what_the_application_commits_stays_for_the_test_and_what_it_rolls_back_does_not() {
    run(async {
        let cluster = Cluster::start(0);
        let test = wait!(TestRouter::new(cluster.primary_url())).unwrap();
        let session = test.session();
        let mut conn = wait!(session.write()).unwrap();
        wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            put!(tx, "anna")?;
            let undone = wait!(tx.transaction(body!(|tx| -> QueryResult<()> {
                put!(tx, "annie")?;
                Err(RollbackTransaction)
            })));
            assert_eq!(undone, Err(RollbackTransaction));
            Ok(())
        })))
        .unwrap();
        drop(conn);
        let mut conn = wait!(test.session().write()).unwrap();
        assert_eq!(name(&mut conn).await, "anna");
        let undone = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            put!(tx, "annie")?;
            Err(RollbackTransaction)
        })));
        assert_eq!(undone, Err(RollbackTransaction));
        assert_eq!(name(&mut conn).await, "anna");
        drop(conn);

        // A rolled-back transaction is no write of the session, as in production.
        let session = test.session();
        let mut conn = wait!(session.write()).unwrap();
        let _ = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            put!(tx, "annie")?;
            Err(RollbackTransaction)
        })));
        drop(conn);
        assert_eq!(wait!(session.read()).unwrap().route().node, "test-replica");
        wait!(test.finish()).unwrap();
        assert_eq!(outside(&cluster).await, "ann");
    });
}

#[test]
fn a_handler_goes_on_after_a_statement_that_failed_as_it_would_without_the_tests_transaction() {
    run(async {
        let cluster = Cluster::start(0);
        let test = wait!(TestRouter::new(cluster.primary_url())).unwrap();
        let session = test.session();
        let mut conn = wait!(session.write()).unwrap();
        rename(&mut conn, "anna").await;
        assert!(insert(&mut conn, "bob").await.is_err(), "there is one");
        assert_eq!(name(&mut conn).await, "anna", "what was done before stays");
        insert(&mut conn, "eve").await.unwrap();
        // Given back after a failure, it serves the next one.
        assert!(insert(&mut conn, "bob").await.is_err());
        drop(conn);
        let mut conn = wait!(session.read()).unwrap();
        assert_eq!(
            (count(&mut conn).await, name(&mut conn).await),
            (3, "anna".to_owned())
        );
        let none = wait!(
            users::table
                .find(-1)
                .select(users::name)
                .first::<String>(&mut conn)
        );
        assert!(is_not_found(&none.unwrap_err()));
        drop(conn);

        // In a transaction of its own, which begins after a failure.
        let mut conn = wait!(session.write()).unwrap();
        assert!(insert(&mut conn, "bob").await.is_err());
        let failed = wait!(conn.transaction(body!(|tx| -> QueryResult<usize> {
            put!(tx, "annie")?;
            let row = users::name.eq("bob");
            wait!(diesel::insert_into(users::table).values(row).execute(tx))
        })));
        failed.unwrap_err();
        assert_eq!(name(&mut conn).await, "anna");
        insert(&mut conn, "kim").await.unwrap();
        drop(conn);
        assert_eq!(count(&mut wait!(test.read_primary()).unwrap()).await, 4);
        wait!(test.finish()).unwrap();
        assert_eq!(outside(&cluster).await, "ann");
    });
}

#[test]
fn a_handler_that_panics_in_its_transaction_leaves_nothing_and_the_next_one_works() {
    run(async {
        let cluster = Cluster::start(0);
        let test = wait!(TestRouter::new(cluster.primary_url())).unwrap();
        rename(&mut wait!(test.write()).unwrap(), "anna").await;
        let router = test.router().clone();
        let handler = std::thread::spawn(move || {
            run(async move {
                let mut conn = wait!(router.write()).unwrap();
                let panics = conn.transaction(body!(|tx| -> QueryResult<()> {
                    put!(tx, "annie")?;
                    panic!("on purpose")
                }));
                wait!(panics).unwrap();
            })
        });
        handler.join().unwrap_err();
        assert_eq!(name(&mut wait!(test.read_primary()).unwrap()).await, "anna");
        rename(&mut wait!(test.write()).unwrap(), "anne").await;
        wait!(test.finish()).unwrap();
        assert_eq!(outside(&cluster).await, "ann");
    });
}

#[test]
fn a_test_that_holds_two_handles_at_once_is_told_where_it_took_them() {
    run(async {
        let cluster = Cluster::start(0);
        let test = impatient(&cluster).await;
        let session = test.session();
        let held = wait!(session.write()).unwrap();
        for asked in [
            wait!(session.read()).map(drop),
            wait!(session.write()).map(drop),
            wait!(test.read_eventual()).map(drop),
        ] {
            let error = asked.unwrap_err();
            assert_eq!(
                (error.step(), error.may_retry_read()),
                (Some(Step::Test), false)
            );
            let text = error.to_string();
            assert!(text.contains("a test has one connection"), "{text}");
            assert_eq!(
                text.matches("`tests/databases/").count()
                    + text.matches("(tests/databases/").count(),
                2,
                "{text}"
            );
            assert!(text.contains("is_told_where_it_took_them"), "{text}");
            assert!(text.contains("drop the first handle"), "{text}");
        }
        drop(held);
        drop(wait!(session.read()).unwrap());

        // One that is waited for in time comes.
        let held = wait!(session.write()).unwrap();
        let waits = test.router().clone();
        let thread = std::thread::spawn(move || {
            run(async move {
                drop(wait!(waits.write()).unwrap());
            })
        });
        drop(held);
        thread.join().unwrap();
    });
}

#[test]
fn a_handle_that_reads_is_refused_what_it_is_refused_in_production() {
    run(async {
        let cluster = Cluster::start(0);
        let test = wait!(TestRouter::new(cluster.primary_url())).unwrap();
        let session = test.session();
        let mut conn = wait!(session.read_primary()).unwrap();
        lock(&mut conn).await;
        if REFUSES_WRITES {
            let hidden = ReadSql::vouch("UPDATE users SET name = 'x'");
            wait!(hidden.clone().execute(&mut conn)).unwrap_err();
            assert_eq!(name(&mut conn).await, "ann");
            let inside = wait!(conn.snapshot(body!(|tx| -> QueryResult<usize> {
                wait!(hidden.clone().execute(tx))
            })));
            inside.unwrap_err();
        }
        assert_eq!(name(&mut conn).await, "ann");
        drop(conn);
        // The next one writes.
        let mut conn = wait!(session.write()).unwrap();
        rename(&mut conn, "anna").await;
        let seen = wait!(conn.snapshot(body!(|tx| -> QueryResult<String> {
            wait!(users::table.find(1).select(users::name).first(tx))
        })));
        assert_eq!(seen.unwrap(), "anna");
        rename(&mut conn, "annie").await;
        drop(conn);
        wait!(test.finish()).unwrap();
        assert_eq!(outside(&cluster).await, "ann");
    });
}

#[test]
fn a_statement_that_commits_by_itself_ends_the_test_with_an_error() {
    run(async {
        let cluster = Cluster::start(0);
        let test = impatient(&cluster).await;
        let mut conn = wait!(test.write()).unwrap();
        wait!(conn.batch_execute(COMMITS)).unwrap();
        drop(conn);
        let error = wait!(test.read()).map(drop).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.step(), Some(Step::Test), "{text}");
        assert!(text.contains("the test's transaction has ended"), "{text}");
        assert!(text.contains("tests/databases/"), "{text}");
        let again = wait!(test.finish()).unwrap_err();
        assert!(again.to_string().contains("has ended"), "{again}");
    });
}

#[test]
fn a_task_that_outlives_its_test_and_a_test_that_shares_a_router_get_an_error() {
    run(async {
        let cluster = Cluster::start(0);
        let test = impatient(&cluster).await;
        let late = test.router().clone();
        let held = wait!(late.write()).unwrap();
        let error = wait!(test.finish()).unwrap_err();
        assert!(error.to_string().contains("was not given back"), "{error}");
        drop(held);
        let over = wait!(late.read()).map(drop).unwrap_err();
        assert!(over.to_string().contains("the test is over"), "{over}");

        // Made on a test's thread, and kept for the next test.
        let url = cluster.primary_url().to_owned();
        let (give, kept) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Handle::current();
        let first = std::thread::Builder::new().name("tests::the_first".to_owned());
        let first = first.spawn(move || {
            let made = runtime.block_on(async { wait!(TestRouter::new(url)) });
            give.send(made.unwrap()).unwrap();
        });
        let shared = kept.recv().unwrap();
        first.unwrap().join().unwrap();
        let over = wait!(shared.read()).map(drop).unwrap_err();
        assert!(over.to_string().contains("`tests::the_first`"), "{over}");
        assert!(over.to_string().contains("not one in a `static`"), "{over}");
    });
}

#[test]
fn what_the_application_set_for_its_router_holds_under_a_test() {
    run(async {
        let cluster = Cluster::start(0);
        let clock = ManualClock::default();
        let keys = TokenKeys::new(1, *b"a secret of thirty-two bytes....").unwrap();
        let builder = builder().clock(clock.clone()).token_keys(keys);
        // Its nodes are not the test's.
        let builder = builder.primary(cluster.primary());
        let test = TestRouter::builder(cluster.primary_url()).router(builder);
        let test = wait!(test.build()).unwrap();
        assert!(!test.nodes().names().contains(&"primary".to_owned()));
        let session = test.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let token = wait!(session.token()).unwrap();
        let resumed = test.resume(token.as_ref());
        assert_eq!(wait!(resumed.read()).unwrap().route().node, "test");
        clock.advance(Duration::from_secs(6));
        assert_eq!(wait!(resumed.read()).unwrap().route().node, "test-replica");
        let other = test.for_database("other");
        let error = match other {
            Ok(other) => wait!(other.read()).map(drop).unwrap_err(),
            Err(error) => error,
        };
        let text = error.to_string();
        assert!(text.contains("database"), "{text}");
    });
}
