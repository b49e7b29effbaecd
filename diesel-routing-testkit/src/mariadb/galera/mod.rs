mod builder;
mod cluster;
mod options;
mod template;

pub use builder::GaleraClusterBuilder;
pub use cluster::GaleraCluster;
