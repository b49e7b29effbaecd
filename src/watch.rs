//! Watchers: one task a node, which asks it for its role and position.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::RoutedConnection;
use crate::cluster::{NO_POSITION, Observation, Question, Settings, Shared, Wish};
use crate::error::told;
use crate::pool::Manager;

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
        nodes: impl Iterator<Item = (Manager<C>, C)>,
    ) {
        for (index, (manager, conn)) in nodes.enumerate() {
            let mut watcher = Watcher {
                watch: self,
                shared: Arc::clone(shared),
                index,
                manager,
                conn: Some(conn),
                run: 1,
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
    /// How many connections were opened.
    run: u64,
}

impl<C: RoutedConnection> Watcher<C> {
    async fn run(mut self) {
        loop {
            self.idle().await;
            if self.shared.signals.is_stopped() {
                return;
            }
            self.ask().await;
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
                let opened = self.manager.open().await.map_err(|error| told(&error))?;
                self.run += 1;
                gone.insert(opened.conn)
            }
        };
        match timeout(self.watch.limit, conn.observe()).await {
            Ok(Ok(said)) => said.ok_or_else(|| NO_POSITION.to_owned()),
            Ok(Err(error)) => Err(told(&error)),
            Err(_) => Err(format!("it did not answer within {:?}", self.watch.limit)),
        }
    }
}
