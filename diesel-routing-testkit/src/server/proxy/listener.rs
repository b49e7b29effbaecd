use std::fs;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use socket2::{Domain, SockAddr, Socket, Type};

use super::gate::Gate;
use super::{Account, Endpoint, relay};

const BACKLOG: i32 = 128;

/// The listening side of a proxy: a thread that accepts, or a held address that refuses.
#[derive(Debug)]
pub(super) struct Listener {
    endpoint: Endpoint,
    /// The owner of a unix socket: the account of the servers that connect to it.
    owner: Option<Account>,
    state: State,
}

#[derive(Debug)]
enum State {
    Accepting(Arc<Socket>, JoinHandle<()>),
    /// A bound TCP socket that does not listen refuses clients and keeps the port.
    Refusing(Option<Socket>),
}

impl Listener {
    /// Listens on a free port of the loopback interface.
    pub(super) fn tcp() -> io::Result<Self> {
        let socket = bind_tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = socket
            .local_addr()?
            .as_socket()
            .ok_or_else(|| io::Error::other("a TCP socket without an address"))?;
        Ok(Self {
            endpoint: Endpoint::Tcp(address),
            owner: None,
            state: State::Refusing(Some(socket)),
        })
    }

    pub(super) fn unix(path: PathBuf, owner: Account) -> Self {
        Self {
            endpoint: Endpoint::Unix(path),
            owner: Some(owner),
            state: State::Refusing(None),
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn is_accepting(&self) -> bool {
        matches!(self.state, State::Accepting(..))
    }

    pub(super) fn accept_into(&mut self, gate: &Arc<Gate>) -> io::Result<()> {
        let held = match &mut self.state {
            State::Accepting(..) => return Ok(()),
            State::Refusing(held) => held.take(),
        };
        let socket = match (held, &self.endpoint) {
            (Some(socket), _) => socket,
            (None, Endpoint::Tcp(address)) => bind_tcp(*address)?,
            (None, Endpoint::Unix(path)) => bind_unix(path, self.owner)?,
        };
        socket.listen(BACKLOG)?;
        let socket = Arc::new(socket);
        let thread = {
            let (socket, gate) = (Arc::clone(&socket), Arc::clone(gate));
            thread::Builder::new()
                .name("proxy-accept".into())
                .spawn(move || accept(&socket, &gate))?
        };
        self.state = State::Accepting(socket, thread);
        Ok(())
    }

    pub(super) fn refuse(&mut self) -> io::Result<()> {
        if !self.is_accepting() {
            return Ok(());
        }
        let held = match &self.endpoint {
            Endpoint::Tcp(address) => Some(bind_tcp(*address)?),
            Endpoint::Unix(path) => {
                fs::remove_file(path)?;
                None
            }
        };
        self.stop(held);
        Ok(())
    }

    fn stop(&mut self, held: Option<Socket>) {
        let accepting = std::mem::replace(&mut self.state, State::Refusing(held));
        if let State::Accepting(socket, thread) = accepting {
            // Makes the blocked `accept` fail.
            let _ = socket.shutdown(Shutdown::Both);
            let _ = thread.join();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop(None);
    }
}

fn accept(listener: &Socket, gate: &Arc<Gate>) {
    loop {
        match listener.accept() {
            Ok((client, _)) => {
                // Without a thread to serve it, the client sees its connection closed.
                let _ = relay::start(gate, client);
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return,
            // A client that gave up, or no file descriptor left for the moment.
            Err(_) => thread::yield_now(),
        }
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // Listening and refusing socket overlap for a moment, so that nobody takes the port in between.
    socket.set_reuse_port(true)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SockAddr::from(address))?;
    Ok(socket)
}

fn bind_unix(path: &Path, owner: Option<Account>) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    if let Some(owner) = owner {
        owner.chown(path)?;
    }
    Ok(socket)
}
