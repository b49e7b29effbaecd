use std::net::SocketAddr;
use std::path::PathBuf;

/// The address of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}
