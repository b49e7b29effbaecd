//! What all clients of a run share.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::oracle::{Event, History};
use crate::sql::Sql;
use crate::subject::Subject;
use crate::tally::Tally;

/// The state that all clients of a run share.
pub(crate) struct World {
    pub(crate) subject: Arc<dyn Subject>,
    pub(crate) sql: Sql,
    pub(crate) history: History,
    pub(crate) pause: Duration,
    pub(crate) seed: u64,
    tally: Mutex<Tally>,
    is_over: AtomicBool,
    sessions: AtomicU32,
    writers: AtomicI64,
    acts: AtomicU64,
    tokens: AtomicU64,
}

impl World {
    pub(crate) fn new(subject: Arc<dyn Subject>, sql: Sql, pause: Duration, seed: u64) -> Self {
        Self {
            subject,
            sql,
            history: History::new(),
            pause,
            seed,
            tally: Mutex::default(),
            is_over: AtomicBool::new(false),
            sessions: AtomicU32::new(1),
            writers: AtomicI64::new(1),
            acts: AtomicU64::new(1),
            tokens: AtomicU64::new(1),
        }
    }

    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    pub(crate) fn new_session(&self) -> u32 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn new_act(&self) -> u64 {
        self.acts.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes that a write is about to be sent; returns what tells it from all others.
    pub(crate) fn sends(&self, session: u32) -> i64 {
        let writer = self.writers.fetch_add(1, Ordering::Relaxed);
        self.history.note(session, Event::Sends { writer });
        writer
    }

    /// Notes that a session's token is about to be taken.
    pub(crate) fn issues(&self, session: u32) -> u64 {
        let token = self.tokens.fetch_add(1, Ordering::Relaxed);
        self.history.note(session, Event::Issues { token });
        token
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
