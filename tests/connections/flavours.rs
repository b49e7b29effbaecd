//! Routers of one node, in each flavour.

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
pub(crate) fn words(error: Error) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

/// A database's two drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Async,
    Blocking,
}

pub(crate) const FLAVOURS: [Flavour; 2] = [Flavour::Async, Flavour::Blocking];

/// Defines what a router of one node reads with `sql`, one number, for the two drivers of a database.
macro_rules! reads {
    ($name:ident, $asynchronous:ident, $blocking:path) => {
        pub(crate) fn $name(flavour: Flavour, url: &str, sql: &str) -> Result<i64, Error> {
            use $blocking as blocking;

            let node = Node::new("primary", url).read_pool_size(1);
            let query = diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(sql));
            match flavour {
                Flavour::Async => run(async {
                    let builder = diesel_routing::$asynchronous::Router::builder();
                    let router = builder.primary(node).build().await?;
                    let mut conn = router.write().await?;
                    let _reader = router.read_primary().await?;
                    Ok(diesel_async::RunQueryDsl::get_result(query, &mut conn).await?)
                }),
                Flavour::Blocking => {
                    let router = blocking::Router::builder().primary(node).build()?;
                    let mut conn = router.write()?;
                    let _reader = router.read_primary()?;
                    Ok(diesel::RunQueryDsl::get_result(query, &mut conn)?)
                }
            }
        }
    };
}

reads!(postgres, pg, diesel_routing::sync::pg);
reads!(mysql, mysql, diesel_routing::sync::mysql);
