//! Watchers: one task a node, which asks it for its role and position.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::asynchronous::RoutedConnection;
use crate::asynchronous::pool::Manager;
use crate::cluster::{NO_POSITION, Observation, Question, ServerFacts, Wish};
use crate::engine::{Settings, Shared};
use crate::error::error_chain;
use crate::server::ServerKind;

/// How nodes are watched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watch {
    interval: Duration,
    limit: Duration,
}

impl Watch {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            interval: settings.watch_interval,
            limit: settings.watch_timeout,
        }
    }

    /// Asks every node once, over the connection that is open already, then starts the watchers.
    pub(crate) async fn start<C: RoutedConnection>(
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
            watcher.ask().await;
            tokio::spawn(watcher.run());
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
    async fn run(mut self) {
        loop {
            self.idle().await;
            if self.shared.signals.is_stopped() {
                return;
            }
            self.ask().await;
            self.diagnose().await;
        }
    }

    /// Waits until the node is to be asked again: when somebody wants to know, else after the interval.
    async fn idle(&mut self) {
        let interval = self.watch.interval;
        loop {
            let (limit, wish) = match self.shared.signals.wish(self.index) {
                Wish::Now => return,
                Wish::Soon(wish) => (Shared::soon(interval), wish),
                Wish::Later(wish) => (self.shared.pace(self.index, interval), wish),
            };
            if timeout(Shared::jittered(limit), wish).await.is_err() {
                return;
            }
        }
    }

    /// Asks the node, and publishes what it says.
    async fn ask(&mut self) {
        self.shared.signals.asking(self.index);
        let (asked, sent) = (self.shared.now(), Instant::now());
        match self.observe().await {
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
    async fn observe(&mut self) -> Result<Observation, String> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            gone => {
                let mut opened = self
                    .manager
                    .open()
                    .await
                    .map_err(|error| error_chain(&error))?;
                self.run += 1;
                let facts = self.manager.facts(&mut opened.conn).await;
                self.kind = facts.map_err(|error| error_chain(&error))?.kind;
                self.diagnosed = None;
                gone.insert(opened.conn)
            }
        };
        match timeout(self.watch.limit, conn.observe(self.kind)).await {
            Ok(Ok(said)) => said.ok_or_else(|| NO_POSITION.to_owned()),
            Ok(Err(error)) => Err(error_chain(&error)),
            Err(_) => Err(format!("it did not answer within {:?}", self.watch.limit)),
        }
    }

    /// Asks a replica that is behind why, now and then; each once, to begin with.
    async fn diagnose(&mut self) {
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
        let answer = timeout(self.watch.limit, conn.diagnose(self.kind)).await;
        match answer {
            Ok(Ok(why)) => self.shared.diagnosed(self.index, why),
            // An answer that comes late would be taken for that to the next question.
            Ok(Err(_)) | Err(_) => self.conn = None,
        }
    }
}
