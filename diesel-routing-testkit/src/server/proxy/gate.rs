use std::collections::HashMap;
use std::net::Shutdown;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use socket2::Socket;

use super::Address;

/// The way a [`Proxy`](super::Proxy) treats traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyMode {
    /// Passes everything on.
    Open,
    /// Accepts connections and passes nothing on, in either direction: a network that swallows
    /// packets, or a server too busy to answer.
    Hung,
    /// Has closed every connection and refuses new ones: a server that is down.
    Cut,
}

/// The state that the proxy's threads share: the mode, the target, and the connections that are alive.
#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    mode: ProxyMode,
    target: Address,
    alive: HashMap<u64, Vec<Arc<Socket>>>,
    next: u64,
}

/// The connection is closed; its thread has nothing left to do.
#[derive(Debug)]
pub(super) struct Closed;

impl Gate {
    pub(super) fn new(target: Address) -> Self {
        let state = State {
            mode: ProxyMode::Open,
            target,
            alive: HashMap::new(),
            next: 0,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    pub(super) fn mode(&self) -> ProxyMode {
        self.lock().mode
    }

    pub(super) fn set_mode(&self, mode: ProxyMode) {
        let mut state = self.lock();
        state.mode = mode;
        if mode == ProxyMode::Cut {
            state.close_all();
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Leads connections to `target` from now on and closes those that lead elsewhere.
    pub(super) fn set_target(&self, target: Address) {
        let mut state = self.lock();
        if state.target != target {
            state.target = target;
            state.close_all();
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Takes a connection in and gives it a number.
    pub(super) fn admit(&self, client: Arc<Socket>) -> Result<u64, Closed> {
        let mut state = self.lock();
        if state.mode == ProxyMode::Cut {
            return Err(Closed);
        }
        let id = state.next;
        state.next += 1;
        state.alive.insert(id, vec![client]);
        Ok(id)
    }

    /// Adds the server's side of a connection.
    pub(super) fn attach(&self, id: u64, server: Arc<Socket>) -> Result<(), Closed> {
        self.lock().alive.get_mut(&id).ok_or(Closed)?.push(server);
        Ok(())
    }

    /// Returns where new connections lead.
    pub(super) fn target(&self) -> Address {
        self.lock().target.clone()
    }

    /// Waits while the proxy hangs.
    pub(super) fn pass(&self, id: u64) -> Result<(), Closed> {
        let state = self
            .changed
            .wait_while(self.lock(), |state| {
                state.mode == ProxyMode::Hung && state.alive.contains_key(&id)
            })
            .unwrap_or_else(PoisonError::into_inner);
        if state.alive.contains_key(&id) {
            Ok(())
        } else {
            Err(Closed)
        }
    }

    /// Closes both sides of one connection.
    pub(super) fn close(&self, id: u64) {
        if let Some(sockets) = self.lock().alive.remove(&id) {
            close(&sockets);
        }
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn close_all(&mut self) {
        for sockets in self.alive.drain().map(|(_, sockets)| sockets) {
            close(&sockets);
        }
    }
}

fn close(sockets: &[Arc<Socket>]) {
    for socket in sockets {
        // An error means that the other side was first.
        let _ = socket.shutdown(Shutdown::Both);
    }
}
