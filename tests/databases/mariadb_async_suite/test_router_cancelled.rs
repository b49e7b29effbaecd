//! Futures that are dropped half-way under a test, on connections that do not survive that.

use futures_util::FutureExt as _;

use super::*;

fn assert_given_up(error: &Error) {
    assert_eq!(error.step(), Some(Step::Test), "{error}");
    let words = error.to_string();
    assert!(words.contains("was dropped before the server"), "{words}");
}

#[test]
fn a_statement_that_is_dropped_half_way_ends_the_test_with_an_error() {
    run(async {
        let cluster = Cluster::start(0);
        let test = TestRouter::new(cluster.primary_url()).await.unwrap();
        let mut conn = test.write().await.unwrap();
        let slow = ReadSql::vouch(Cluster::SLOW);
        assert!(slow.execute(&mut conn).now_or_never().is_none());
        drop(conn);
        for _ in 0..2 {
            assert_given_up(&test.read().await.map(drop).unwrap_err());
        }
        assert_given_up(&test.finish().await.unwrap_err());
    });
}

#[test]
fn a_checkout_that_is_dropped_half_way_ends_the_test_with_an_error() {
    run(async {
        let cluster = Cluster::start(0);
        let test = TestRouter::new(cluster.primary_url()).await.unwrap();
        // It has sent what ends the last loan.
        assert!(test.read().now_or_never().is_none());
        assert_given_up(&test.read().await.map(drop).unwrap_err());
    });
}
