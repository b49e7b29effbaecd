//! Watchers: one thread a node, which asks it for its role and position.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_listener::Listener;

use super::RoutedConnection;
use super::pool::Manager;
use crate::cluster::{NO_POSITION, Observation, Question, ServerFacts, Wish};
use crate::engine::{Settings, Shared};
use crate::error::error_chain;
use crate::server::ServerKind;

/// How nodes are watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    interval: Duration,
}

impl Watch {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            interval: settings.watch_interval,
        }
    }

    /// Asks every node once, over the connection that is open already, then starts the watchers.
    pub(super) fn start<C: RoutedConnection>(
        self,
        shared: &Arc<Shared>,
        nodes: impl Iterator<Item = (Manager<C>, (C, ServerFacts))>,
    ) {
        for (index, (manager, (conn, facts))) in nodes.enumerate() {
            let mut watcher = Watcher {
                watch: self,
                shared: Arc::clone(shared),
                index,
                manager,
                conn: Some(conn),
                kind: facts.kind,
                run: 1,
                diagnosed: None,
            };
            watcher.ask();
            let name = format!("diesel-routing-watch-{index}");
            if let Err(error) = std::thread::Builder::new()
                .name(name)
                .spawn(|| watcher.run())
            {
                tracing::error!(%error, node = shared.name(index), "a node cannot be watched");
                shared.lost(index, &format!("it cannot be watched: {error}"));
            }
        }
    }
}

struct Watcher<C> {
    watch: Watch,
    shared: Arc<Shared>,
    index: usize,
    manager: Manager<C>,
    /// `None` after a failure: the next question opens another.
    conn: Option<C>,
    /// What its server is.
    kind: Option<ServerKind>,
    /// How many connections were opened.
    run: u64,
    /// When it was asked last why it is behind.
    diagnosed: Option<Instant>,
}

impl<C: RoutedConnection> Watcher<C> {
    fn run(mut self) {
        loop {
            self.idle();
            if self.shared.signals.is_stopped() {
                return;
            }
            self.ask();
            self.diagnose();
        }
    }

    /// Waits until the node is to be asked again: when somebody wants to know, else after the interval.
    fn idle(&self) {
        let interval = self.watch.interval;
        loop {
            let (limit, wish) = match self.shared.signals.wish(self.index) {
                Wish::Now => return,
                Wish::Soon(wish) => (Shared::soon(interval), wish),
                Wish::Later(wish) => (self.shared.pace(self.index, interval), wish),
            };
            if wish.wait_timeout(Shared::jittered(limit)).is_none() {
                return;
            }
        }
    }

    /// Asks the node, and publishes what it says.
    fn ask(&mut self) {
        self.shared.signals.asking(self.index);
        let (asked, sent) = (self.shared.now(), Instant::now());
        match self.observe() {
            Ok(said) => {
                let question = Question {
                    asked,
                    sent,
                    run: self.run,
                };
                self.shared.heard(self.index, question, said);
            }
            Err(why) => {
                tracing::debug!(
                    node = self.shared.name(self.index),
                    why,
                    "a node gave no answer"
                );
                self.conn = None;
                self.shared.lost(self.index, &why);
            }
        }
    }

    /// What the node says of itself, or why it says nothing.
    fn observe(&mut self) -> Result<Observation, String> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            gone => {
                let mut opened = self.manager.open().map_err(|error| error_chain(&error))?;
                self.run += 1;
                let facts = self.manager.facts(&mut opened.conn);
                self.kind = facts.map_err(|error| error_chain(&error))?.kind;
                self.diagnosed = None;
                gone.insert(opened.conn)
            }
        };
        match conn.observe(self.kind) {
            Ok(said) => said.ok_or_else(|| NO_POSITION.to_owned()),
            Err(error) => Err(error_chain(&error)),
        }
    }

    /// Asks a replica that is behind why, now and then; each once, to begin with.
    fn diagnose(&mut self) {
        let is_due = match self.diagnosed {
            None => true,
            Some(last) => last.elapsed() >= Shared::TELLS && self.shared.is_held_up(self.index),
        };
        let Some(conn) = self.conn.as_mut().filter(|_| is_due) else {
            return;
        };
        self.diagnosed = Some(Instant::now());
        if self.shared.is_primary(self.index) {
            return;
        }
        match conn.diagnose(self.kind) {
            Ok(why) => self.shared.diagnosed(self.index, why),
            Err(_) => self.conn = None,
        }
    }
}
