//! Statements whose futures are dropped before the server has answered: MySQL's protocol knows answers by their
//! order alone, so the next statement would get the answer of the one before.

use std::time::Duration;

use diesel::sql_types::{BigInt, Double};
use diesel_routing::{Error, Refused};

use super::*;

diesel::define_sql_function! { fn connection_id() -> BigInt; }
diesel::define_sql_function! {
    /// 0, after so many seconds.
    fn sleep(seconds: Double) -> Integer;
}

const A_WHILE: f64 = 1.0;
const SOONER: Duration = Duration::from_millis(50);

async fn routers(cluster: &Cluster) -> [(&'static str, Router); 2] {
    let builders = [
        ("bb8", Router::builder()),
        ("deadpool", Router::deadpool_builder()),
    ];
    let mut routers = Vec::new();
    for (pool, builder) in builders {
        let one = |name, of| node(name, of).read_pool_size(1).write_pool_size(1);
        let router = builder
            .primary(one("primary", cluster.primary()))
            .replica(one("replica", cluster.replica(0)))
            .build()
            .await
            .expect("a router");
        routers.push((pool, router));
    }
    routers.try_into().expect("two")
}

fn is_given_up(error: &diesel::result::Error) -> bool {
    matches!(
        error,
        diesel::result::Error::QueryBuilderError(why)
            if matches!(why.downcast_ref(), Some(Refused::GivenUp { .. }))
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_given_up_gives_its_answer_to_no_other_statement() {
    let cluster = cluster(1);
    for (pool, router) in routers(&cluster).await {
        let mut conn = router.read_eventual().await.expect("a connection");
        let first: i64 = diesel::select(connection_id())
            .get_result(&mut conn)
            .await
            .expect("an id");
        let slow = diesel::select(sleep(A_WHILE));
        let given_up = tokio::time::timeout(SOONER, slow.get_result::<i32>(&mut conn)).await;
        assert!(given_up.is_err());
        // On the same handle.
        let answer = diesel::select(connection_id()).get_result::<i64>(&mut conn);
        let error = answer.await.expect_err(pool);
        assert!(is_given_up(&error), "{error}");
        drop(conn);
        // On the next.
        let mut conn = router.read_eventual().await.expect("a connection");
        let second: i64 = diesel::select(connection_id())
            .get_result(&mut conn)
            .await
            .expect("an id");
        assert_ne!(second, first, "{pool}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_that_gave_up_a_statement_is_upgraded_to_another_connection() {
    let cluster = cluster(1);
    for (pool, router) in routers(&cluster).await {
        let session = router.session();
        let mut conn = session.read_eventual().await.expect("a connection");
        let slow = diesel::select(sleep(A_WHILE));
        let given_up = tokio::time::timeout(SOONER, slow.get_result::<i32>(&mut conn)).await;
        assert!(given_up.is_err());
        let mut conn = conn.upgrade(&session).await.expect("a connection");
        let answer: i64 = diesel::select(42_i64.into_sql::<BigInt>())
            .get_result(&mut conn)
            .await
            .expect("an answer");
        assert_eq!(answer, 42, "{pool}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_gave_up_a_statement_is_not_committed() {
    let cluster = cluster(1);
    for (pool, router) in routers(&cluster).await {
        let mut conn = router.write().await.expect("a connection");
        let result = conn
            .transaction(async |tx| {
                diesel::update(settings::table.find(1))
                    .set(settings::theme.eq("given up"))
                    .execute(&mut *tx)
                    .await?;
                let slow = diesel::select(sleep(A_WHILE));
                let given_up = tokio::time::timeout(SOONER, slow.get_result::<i32>(tx)).await;
                assert!(given_up.is_err());
                Ok::<_, Error>(())
            })
            .await;
        let error = result.expect_err(pool);
        assert!(
            matches!(&error, Error::Query { source, .. } if is_given_up(source)),
            "{error}"
        );
        drop(conn);
        let theme = settings::table.find(1).select(settings::theme);
        let theme: String = theme
            .first(&mut router.write().await.expect("a connection"))
            .await
            .expect("a row");
        assert_ne!(theme, "given up", "{pool}");
    }
}

/// What is done on the raw connection is out of sight: the check before the next loan finds it.
#[tokio::test(flavor = "multi_thread")]
async fn a_raw_connection_that_gave_up_a_statement_is_not_lent_again() {
    let cluster = cluster(1);
    for (pool, router) in routers(&cluster).await {
        let mut conn = router.write().await.expect("a connection");
        let mut raw = conn.raw_counts_as_write().expect("raw");
        // Two numbers, of which the first is 0: a server that takes writes answers the check so, too.
        let slow = diesel::select((sleep(A_WHILE), 7_i64.into_sql::<BigInt>()));
        let slow = diesel_async::RunQueryDsl::get_result::<(i32, i64)>(slow, &mut *raw);
        let given_up = tokio::time::timeout(SOONER, slow).await;
        assert!(given_up.is_err());
        drop(raw);
        drop(conn);
        let mut conn = router.write().await.expect("a connection");
        let answer: i64 = diesel::select(42_i64.into_sql::<BigInt>())
            .get_result(&mut conn)
            .await
            .expect("an answer");
        assert_eq!(answer, 42, "{pool}");
    }
}
