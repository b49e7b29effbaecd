mod builder;
mod cluster;
mod database;
mod history;
mod replication;
mod state;

pub use builder::SqliteClusterBuilder;
pub use cluster::SqliteCluster;
