use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::thread;

use socket2::{Domain, SockAddr, Socket, Type};

use super::Address;
use super::gate::{Closed, Gate};

/// Serves one connection on threads of its own, until either side ends it or the gate closes it.
pub(super) fn start(gate: &Arc<Gate>, client: Socket) -> io::Result<()> {
    let client = Arc::new(client);
    let Ok(id) = gate.admit(Arc::clone(&client)) else {
        return Ok(());
    };
    let own = Arc::clone(gate);
    let started = thread::Builder::new().name("proxy".into()).spawn(move || {
        // A target that refuses looks to the client like a connection closed at once.
        let _ = serve(&own, id, &client);
        own.close(id);
    });
    started.map(drop).inspect_err(|_| gate.close(id))
}

fn serve(gate: &Arc<Gate>, id: u64, client: &Arc<Socket>) -> io::Result<()> {
    if let Err(Closed) = gate.pass(id) {
        return Ok(());
    }
    let server = Arc::new(dial(&gate.target())?);
    if let Err(Closed) = gate.attach(id, Arc::clone(&server)) {
        return Ok(());
    }
    thread::scope(|scope| {
        thread::Builder::new()
            .name("proxy-back".into())
            .spawn_scoped(scope, || pump(gate, id, &server, client))?;
        pump(gate, id, client, &server);
        Ok(())
    })
}

fn dial(target: &Address) -> io::Result<Socket> {
    let (domain, address) = match target {
        Address::Tcp(address) => (Domain::for_address(*address), SockAddr::from(*address)),
        Address::Unix(path) => (Domain::UNIX, SockAddr::unix(path)?),
    };
    let socket = Socket::new(domain, Type::STREAM, None)?;
    socket.connect(&address)?;
    Ok(socket)
}

fn pump(gate: &Gate, id: u64, mut from: &Socket, mut to: &Socket) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut buffer);
        // Asked after the read: what was sent once the proxy hangs must not get through, not even
        // the end of the connection.
        if let Err(Closed) = gate.pass(id) {
            return;
        }
        match read {
            Ok(0) => {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
            Ok(length) if to.write_all(&buffer[..length]).is_ok() => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => return gate.close(id),
        }
    }
}
