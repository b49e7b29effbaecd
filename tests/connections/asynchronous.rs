//! Async PostgreSQL.

pub(crate) use diesel::QueryResult;
pub(crate) use diesel_async::AsyncPgConnection as Connection;
pub(crate) use diesel_routing::RoutedConnection;
pub(crate) use diesel_routing::pg::{Router, WriteConn};

pub(crate) type Builder = diesel_routing::RouterBuilder<Connection>;

macro_rules! later {
    ($future:expr) => {
        $future.await
    };
}

macro_rules! boxed {
    ($body:expr) => {
        Box::pin(async move { $body })
    };
}

/// The trait of diesel-async, under a path: in scope it would compete with ours.
pub(crate) mod raw {
    pub(crate) use diesel_async::RunQueryDsl;
}

/// The pools of this flavour.
pub(crate) const BUILDERS: [fn() -> Builder; 2] = [Router::builder, Router::deadpool_builder];

pub(crate) use later as wait;

#[path = "suite/accounts.rs"]
mod accounts;
#[path = "suite/hooks.rs"]
mod hooks;
