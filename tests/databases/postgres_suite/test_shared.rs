//! Statements through shared handles under a test: each by itself, as in production.

use diesel::dsl::sql;
use diesel::sql_types::Integer;
use futures_util::future::{FutureExt as _, join_all, join3};

use super::world::{count, name};
use super::*;

/// Inserts a user; there is a `bob` already.
macro_rules! insert {
    ($conn:expr, $name:expr) => {
        diesel::insert_into(users::table)
            .values(users::name.eq($name))
            .execute(&mut &$conn)
    };
}

#[test]
fn a_statement_that_fails_spoils_no_other_that_is_under_way() {
    run(async {
        let cluster = Cluster::start(0);
        let test = TestRouter::new(cluster.primary_url()).await.unwrap();
        let session = test.session();
        let conn = session.write().await.unwrap();
        // The first time, each is prepared on its way; then, they are sent one right after the other.
        for (round, names) in [["eve", "kim"], ["lea", "max"]].into_iter().enumerate() {
            let [first, last] = names;
            let (first, taken, last) = join3(
                insert!(conn, first),
                insert!(conn, "bob"),
                insert!(conn, last),
            )
            .await;
            assert_eq!((first, last), (Ok(1), Ok(1)));
            assert!(taken.unwrap_err().to_string().contains("unique"));
            let number = users::table.count().get_result::<i64>(&mut &conn).await;
            assert_eq!(number, Ok(4 + 2 * round as i64));
        }
        let many = (0..20).map(|user| {
            insert!(
                conn,
                if user % 2 == 0 {
                    "bob".to_owned()
                } else {
                    user.to_string()
                }
            )
        });
        let done = join_all(many)
            .await
            .iter()
            .filter(|done| done.is_ok())
            .count();
        assert_eq!(done, 10);
        // Given back, or used alone, after a failure that nobody saw.
        insert!(conn, "bob").now_or_never();
        drop(conn);
        let mut conn = session.write().await.unwrap();
        assert_eq!(count(&mut conn).await, 16);
        insert!(conn, "bob").now_or_never();
        let renamed = conn.transaction(async |tx| {
            let row = diesel::update(users::table.find(1));
            row.set(users::name.eq("anna")).execute(tx).await
        });
        assert_eq!(renamed.await, Ok(1));
        assert_eq!(
            (count(&mut conn).await, &*name(&mut conn).await),
            (16, "anna")
        );
        drop(conn);
        test.finish().await.unwrap();
    });
}

#[test]
fn a_read_that_fails_spoils_no_other_that_is_under_way() {
    run(async {
        let cluster = Cluster::start(0);
        let test = TestRouter::new(cluster.primary_url()).await.unwrap();
        test.write()
            .await
            .unwrap()
            .batch_execute("UPDATE users SET name = 'anna' WHERE id = 1")
            .await
            .unwrap();
        let conn = test.read_primary().await.unwrap();
        for _ in 0..3 {
            let by_zero = users::table.select(sql::<Integer>("1 / (id - id)"));
            let (before, failed, after) = join3(
                users::table
                    .find(1)
                    .select(users::name)
                    .first::<String>(&mut &conn),
                by_zero.first::<i32>(&mut &conn),
                users::table.count().get_result::<i64>(&mut &conn),
            )
            .await;
            assert_eq!((before, after), (Ok("anna".to_owned()), Ok(2)));
            assert!(failed.unwrap_err().to_string().contains("by zero"));
        }
        drop(conn);
        test.finish().await.unwrap();
    });
}

/// As in production.
#[test]
fn in_the_applications_transaction_a_statement_that_fails_ends_it() {
    run(async {
        let cluster = Cluster::start(0);
        let test = TestRouter::new(cluster.primary_url()).await.unwrap();
        let mut conn = test.write().await.unwrap();
        let failed = conn.transaction(async |tx| -> QueryResult<usize> {
            let tx = &*tx;
            let (first, taken, last) = join3(
                insert!(*tx, "eve"),
                insert!(*tx, "bob"),
                insert!(*tx, "kim"),
            )
            .await;
            assert_eq!(first, Ok(1));
            let aborted = last.unwrap_err().to_string();
            assert!(
                aborted.contains("current transaction is aborted"),
                "{aborted}"
            );
            taken
        });
        failed.await.unwrap_err();
        assert_eq!(count(&mut conn).await, 2);
        drop(conn);
        test.finish().await.unwrap();
    });
}
