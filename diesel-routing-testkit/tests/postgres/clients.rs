use std::sync::Arc;

use diesel_routing_testkit::PgCluster;
use tokio_postgres::NoTls;

use crate::{SOON, cluster};

#[test]
fn the_urls_work_inside_an_async_runtime_and_so_do_the_blocking_methods() {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let cluster = cluster(1);
            let proxy = cluster.standby(0).proxy().unwrap();
            for url in [cluster.standby(0).url(), proxy.url()] {
                assert_eq!(number(&url).await, 1, "{url}");
            }
            cluster.wait_until_caught_up(SOON).unwrap();
        });
}

#[test]
fn the_socket_directory_as_a_query_parameter_works_too() {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let cluster = cluster(0);
            let dir = cluster.primary().socket_dir().display().to_string();
            let url = format!("postgresql:///app?user=app&port=5432&host={dir}");
            assert_eq!(number(&url).await, 1);
        });
}

#[test]
fn a_cluster_can_be_shared_by_threads() {
    let cluster = Arc::new(PgCluster::builder().start().unwrap());
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
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    let number = client
        .query_one("SELECT n FROM n", &[])
        .await
        .unwrap()
        .get(0);
    drop(client);
    driver.await.unwrap().unwrap();
    number
}
