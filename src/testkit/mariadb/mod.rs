mod binaries;
mod builder;
mod cluster;
mod faults;
mod flavour;
mod node;
mod observe;
mod query;
mod replication;
mod settings;
mod sql;
mod template;
mod url;

pub use builder::MariaClusterBuilder;
pub use cluster::MariaCluster;
pub use node::MariaNode;
