use std::net::SocketAddr;
use std::path::PathBuf;

/// The place at which a server or a proxy listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    Tcp(SocketAddr),
    Unix(PathBuf),
}
