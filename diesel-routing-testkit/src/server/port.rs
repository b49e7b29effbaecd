use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// A port of the loopback interface that is kept for one server, whether that runs or not.
///
/// Servers set `SO_REUSEADDR`: two sockets that both have it may share a port as long as only one of
/// them listens. So the server takes the port over without a moment at which another could, and
/// while it is down clients are refused.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    _held: Socket,
}

impl Port {
    /// Reserves a port that is free.
    pub(crate) fn any() -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = socket
            .local_addr()?
            .as_socket()
            .ok_or_else(|| io::Error::other("a TCP socket without an address"))?;
        Ok(Self {
            address,
            _held: socket,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}
