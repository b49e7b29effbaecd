//! Database clusters with lag and faults on demand, for tests.

#[cfg(all(feature = "testkit-postgres", target_os = "linux"))]
mod postgres;

#[cfg(all(feature = "testkit-postgres", target_os = "linux"))]
pub use postgres::{PgCluster, PgClusterBuilder, PgError, PgNode, PgProxy, ProxyMode};
