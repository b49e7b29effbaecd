//! Routers of one node, in each flavour.

use std::error::Error as _;
use std::future::Future;

use diesel_routing::{Error, Node};

/// Runs a test.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test)
}

/// Everything that an error says.
pub(crate) fn words(error: &Error) -> String {
    let mut words = format!("{error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

/// A database's two drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Async,
    Blocking,
}

pub(crate) const FLAVOURS: [Flavour; 2] = [Flavour::Async, Flavour::Blocking];

/// What a router of one PostgreSQL node reads with `sql`, one number.
pub(crate) fn postgres(flavour: Flavour, url: &str, sql: &str) -> Result<i64, Error> {
    let node = Node::new("primary", url).read_pool_size(1);
    match flavour {
        Flavour::Async => run(async {
            let router = diesel_routing::pg::Router::builder()
                .primary(node)
                .build()
                .await?;
            let mut conn = router.write().await?;
            let _reader = router.read_primary().await?;
            let query = diesel::dsl::sql::<diesel::sql_types::BigInt>(sql);
            let query = diesel::select(query);
            Ok(diesel_async::RunQueryDsl::get_result(query, &mut conn).await?)
        }),
        Flavour::Blocking => {
            let router = diesel_routing::sync::pg::Router::builder()
                .primary(node)
                .build()?;
            let mut conn = router.write()?;
            let _reader = router.read_primary()?;
            let query = diesel::dsl::sql::<diesel::sql_types::BigInt>(sql);
            Ok(diesel::RunQueryDsl::get_result(
                diesel::select(query),
                &mut conn,
            )?)
        }
    }
}

/// What a router of one MySQL or MariaDB node reads with `sql`, one number.
pub(crate) fn mysql(flavour: Flavour, url: &str, sql: &str) -> Result<i64, Error> {
    let node = Node::new("primary", url).read_pool_size(1);
    match flavour {
        Flavour::Async => run(async {
            let router = diesel_routing::mysql::Router::builder()
                .primary(node)
                .build()
                .await?;
            let mut conn = router.write().await?;
            let _reader = router.read_primary().await?;
            let query = diesel::dsl::sql::<diesel::sql_types::BigInt>(sql);
            let query = diesel::select(query);
            Ok(diesel_async::RunQueryDsl::get_result(query, &mut conn).await?)
        }),
        Flavour::Blocking => {
            let router = diesel_routing::sync::mysql::Router::builder()
                .primary(node)
                .build()?;
            let mut conn = router.write()?;
            let _reader = router.read_primary()?;
            let query = diesel::dsl::sql::<diesel::sql_types::BigInt>(sql);
            Ok(diesel::RunQueryDsl::get_result(
                diesel::select(query),
                &mut conn,
            )?)
        }
    }
}
