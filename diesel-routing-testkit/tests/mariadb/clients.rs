use std::sync::Arc;

use diesel_routing_testkit::MariaCluster;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use crate::{SOON, cluster};

#[test]
fn the_urls_work_inside_an_async_runtime_and_so_do_the_blocking_methods() {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let cluster = cluster(1);
            let proxy = cluster.replica(0).proxy().unwrap();
            for url in [cluster.replica(0).url(), proxy.url()] {
                assert_eq!(number(&url).await, 1, "{url}");
            }
            cluster.wait_until_caught_up(SOON).unwrap();
        });
}

#[test]
fn a_url_for_another_user_and_database_is_that_users() {
    let cluster = cluster(0);
    cluster
        .primary()
        .admin_execute("CREATE DATABASE `b/c`; CREATE USER `d e`; GRANT ALL ON `b/c`.* TO `d e`")
        .unwrap();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let url = cluster.primary().url_for("d e", "b/c");
            let mut conn = Conn::from_url(&url).await.unwrap();
            let who: Option<(String, String)> = conn
                .query_first("SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1), DATABASE()")
                .await
                .unwrap();
            assert_eq!(who, Some(("d e".into(), "b/c".into())));

            let root = cluster.primary().url_for("root", "mysql");
            assert!(Conn::from_url(&root).await.is_err(), "root has no TCP");
        });
}

#[test]
fn a_cluster_can_be_shared_by_threads() {
    let cluster = Arc::new(MariaCluster::builder().start().unwrap());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let cluster = Arc::clone(&cluster);
            std::thread::spawn(move || cluster.primary().query_value("SELECT 1").unwrap())
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap().as_deref(), Some("1"));
    }
}

async fn number(url: &str) -> i32 {
    let mut conn = Conn::from_url(url).await.unwrap();
    let number = conn.query_first("SELECT n FROM n").await.unwrap();
    conn.disconnect().await.unwrap();
    number.unwrap()
}
