mod aurora;
mod binaries;
mod builder;
mod cluster;
mod ending;
mod faults;
mod node;
mod observe;
mod postmaster;
mod query;
mod settings;
mod sql;
mod template;
mod url;

pub use builder::PgClusterBuilder;
pub use cluster::PgCluster;
pub use node::PgNode;
pub(crate) use url::PROTOCOL;
