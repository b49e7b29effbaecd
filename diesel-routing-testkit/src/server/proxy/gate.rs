use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::Socket;

use super::connection::Connection;
use super::targets::Targets;
use super::{AddressPolicy, Endpoint, ProxyConnection, Target};

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

/// The state that the proxy's threads share: the mode, the targets, and the connections that are alive.
#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    mode: ProxyMode,
    delay: Duration,
    targets: Targets,
    alive: BTreeMap<u64, Connection>,
    next: u64,
    /// Of all connections, also of those that are closed.
    round_trips: u64,
}

/// The connection is closed; its thread has nothing left to do.
#[derive(Debug)]
pub(super) struct Closed;

impl Gate {
    pub(super) fn new(target: Target) -> Self {
        let state = State {
            mode: ProxyMode::Open,
            delay: Duration::ZERO,
            targets: Targets::new(target),
            alive: BTreeMap::new(),
            next: 0,
            round_trips: 0,
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

    pub(super) fn delay(&self) -> Duration {
        self.lock().delay
    }

    pub(super) fn set_delay(&self, delay: Duration) {
        self.lock().delay = delay;
    }

    /// Leads connections to `target` from now on and closes those that are open.
    pub(super) fn set_target(&self, target: Target) {
        let mut state = self.lock();
        if !state.targets.is_only(&target) {
            state.targets.replace(target, Vec::new());
            state.close_all();
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Leads new connections to these targets from now on. Those that are open stay.
    pub(super) fn set_targets(&self, first: Target, others: Vec<Target>) {
        self.lock().targets.replace(first, others);
    }

    pub(super) fn set_policy(&self, policy: AddressPolicy) {
        self.lock().targets.set_policy(policy);
    }

    /// Returns how many connections were led to `endpoint` so far.
    pub(super) fn connections_to(&self, endpoint: &Endpoint) -> u64 {
        self.lock().targets.chosen(endpoint)
    }

    /// Returns the connections that are open, by number.
    pub(super) fn connections(&self) -> Vec<ProxyConnection> {
        let state = self.lock();
        let alive = state.alive.iter();
        alive
            .map(|(&number, connection)| connection.snapshot(number))
            .collect()
    }

    pub(super) fn round_trips(&self) -> u64 {
        self.lock().round_trips
    }

    /// Drops what the servers of the open connections send from now on.
    pub(super) fn drop_answers(&self) {
        for connection in self.lock().alive.values_mut() {
            connection.drop_answers();
        }
    }

    /// Closes every connection.
    pub(super) fn close_all(&self) {
        self.lock().close_all();
        self.changed.notify_all();
    }

    /// Takes a connection in, gives it a number, and chooses where it leads.
    pub(super) fn admit(&self, client: Arc<Socket>) -> Result<(u64, Endpoint), Closed> {
        let mut state = self.lock();
        if state.mode == ProxyMode::Cut {
            return Err(Closed);
        }
        let id = state.next;
        state.next += 1;
        let target = state.targets.choose();
        let endpoint = target.endpoint().clone();
        state.alive.insert(id, Connection::new(target, client));
        Ok((id, endpoint))
    }

    /// Adds the server's side of a connection.
    pub(super) fn attach(&self, id: u64, server: Arc<Socket>) -> Result<(), Closed> {
        self.with(id, |connection| connection.attach(server))
    }

    /// Notes that the client sent something.
    pub(super) fn asked(&self, id: u64) -> Result<(), Closed> {
        self.with(id, Connection::asked)
    }

    /// Notes that the client gets something now.
    pub(super) fn answered(&self, id: u64) -> Result<(), Closed> {
        let mut state = self.lock();
        let connection = state.alive.get_mut(&id).ok_or(Closed)?;
        let completes = connection.answered();
        state.round_trips += u64::from(completes);
        Ok(())
    }

    /// Returns whether the client is to get nothing any more, though it is connected.
    pub(super) fn drops_answers(&self, id: u64) -> Result<bool, Closed> {
        self.with(id, |connection| connection.drops_answers())
    }

    /// Waits while the proxy hangs.
    pub(super) fn pass(&self, id: u64) -> Result<(), Closed> {
        let state = self
            .changed
            .wait_while(self.lock(), |state| {
                state.mode == ProxyMode::Hung && state.alive.contains_key(&id)
            })
            .unwrap_or_else(PoisonError::into_inner);
        state.still_has(id)
    }

    /// Waits until `due`.
    pub(super) fn wait_until(&self, id: u64, due: Instant) -> Result<(), Closed> {
        let mut state = self.lock();
        loop {
            state.still_has(id)?;
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let woken = self.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Closes both sides of one connection.
    pub(super) fn close(&self, id: u64) {
        if let Some(connection) = self.lock().alive.remove(&id) {
            connection.close();
        }
        self.changed.notify_all();
    }

    fn with<T>(&self, id: u64, act: impl FnOnce(&mut Connection) -> T) -> Result<T, Closed> {
        self.lock().alive.get_mut(&id).map(act).ok_or(Closed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn still_has(&self, id: u64) -> Result<(), Closed> {
        if self.alive.contains_key(&id) {
            Ok(())
        } else {
            Err(Closed)
        }
    }

    fn close_all(&mut self) {
        for connection in std::mem::take(&mut self.alive).values() {
            connection.close();
        }
    }
}
