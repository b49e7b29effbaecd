mod builder;
mod cluster;
mod ending;
mod options;
mod template;

pub use builder::GaleraClusterBuilder;
pub use cluster::GaleraCluster;
