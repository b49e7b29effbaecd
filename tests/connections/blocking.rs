//! Blocking PostgreSQL.

pub(crate) use diesel::PgConnection as Connection;
pub(crate) use diesel::QueryResult;
pub(crate) use diesel_routing::sync::RoutedConnection;
pub(crate) use diesel_routing::sync::pg::{Router, WriteConn};

pub(crate) type Builder = diesel_routing::sync::RouterBuilder<Connection>;

macro_rules! now {
    ($value:expr) => {
        $value
    };
}

pub(crate) use {now as boxed, now as wait};

/// Diesel's own trait, under a path: in scope it would compete with ours.
pub(crate) mod raw {
    pub(crate) use diesel::RunQueryDsl;
}

/// The pools of this flavour.
pub(crate) const BUILDERS: [fn() -> Builder; 1] = [Router::builder];

#[path = "suite/accounts.rs"]
mod accounts;
#[path = "suite/hooks.rs"]
mod hooks;
