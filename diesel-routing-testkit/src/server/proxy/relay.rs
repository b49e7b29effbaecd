use std::io;
use std::sync::Arc;
use std::thread;

use socket2::{Domain, SockAddr, Socket, Type};

use super::Endpoint;
use super::gate::{Closed, Gate};
use super::pump::{Pump, Way};

/// Serves one connection on threads of its own, until either side ends it or the gate closes it.
pub(super) fn start(gate: &Arc<Gate>, client: Socket) -> io::Result<()> {
    let client = Arc::new(client);
    let Ok((id, target)) = gate.admit(Arc::clone(&client)) else {
        return Ok(());
    };
    let own = Arc::clone(gate);
    let started = thread::Builder::new().name("proxy".into()).spawn(move || {
        // A target that refuses looks to the client like a connection closed at once.
        let _ = serve(&own, id, &client, &target);
        own.close(id);
    });
    started.map(drop).inspect_err(|_| gate.close(id))
}

fn serve(gate: &Gate, id: u64, client: &Socket, target: &Endpoint) -> io::Result<()> {
    if let Err(Closed) = gate.pass(id) {
        return Ok(());
    }
    let server = Arc::new(dial(target)?);
    if let Err(Closed) = gate.attach(id, Arc::clone(&server)) {
        return Ok(());
    }
    at_once(client)?;
    at_once(&server)?;
    thread::scope(|scope| {
        thread::Builder::new()
            .name("proxy-back".into())
            .spawn_scoped(scope, || {
                Pump::new(gate, id, Way::ToClient, &server, client).run();
            })?;
        Pump::new(gate, id, Way::ToServer, client, &server).run();
        Ok(())
    })
}

fn dial(target: &Endpoint) -> io::Result<Socket> {
    let (domain, address) = match target {
        Endpoint::Tcp(address) => (Domain::for_address(*address), SockAddr::from(*address)),
        Endpoint::Unix(path) => (Domain::UNIX, SockAddr::unix(path)?),
    };
    let socket = Socket::new(domain, Type::STREAM, None)?;
    socket.connect(&address)?;
    Ok(socket)
}

/// Makes TCP send small chunks without waiting for the answer to those before: the delay is the proxy's
/// alone.
fn at_once(socket: &Socket) -> io::Result<()> {
    if socket.domain()? == Domain::UNIX {
        return Ok(());
    }
    socket.set_tcp_nodelay(true)
}
