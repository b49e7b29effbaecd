//! What clients share, whatever the flavour of their connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel_routing::{Error, Rejection, Route};

use crate::options::Strategy;
use crate::table::Row;
use diesel_routing_verify::oracle::{Event, History, Moment, Read};

/// The number of tokens that lie about for others to take over.
const TOKENS: usize = 16;
/// The time within which everybody sees that time is up.
const TICK: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) history: History,
    pub(crate) strategy: Strategy,
    pub(crate) seed: u64,
    over: Arc<AtomicBool>,
    sessions: AtomicU32,
    writers: AtomicI64,
    tokens: AtomicU64,
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    tokens: Vec<Token>,
    errors: BTreeMap<String, u64>,
}

/// A session's token, as it lies in a cookie or a job's payload.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) number: u64,
    pub(crate) text: String,
}

impl World {
    pub(crate) fn new(strategy: Strategy, seed: u64, over: Arc<AtomicBool>) -> Self {
        Self {
            history: History::new(),
            strategy,
            seed,
            over,
            sessions: AtomicU32::new(1),
            writers: AtomicI64::new(1),
            tokens: AtomicU64::new(1),
            shared: Mutex::default(),
        }
    }

    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Sleeps until `due`, and returns whether there is time left then.
    pub(crate) fn sleep_until(&self, due: Instant) -> bool {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if self.is_over() || left.is_zero() {
                return !self.is_over();
            }
            std::thread::sleep(left.min(TICK));
        }
    }

    pub(crate) fn new_session(&self) -> u32 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    /// Records that a write is about to be sent, and returns what tells it from all others.
    pub(crate) fn sends(&self, session: u32) -> i64 {
        let writer = self.writers.fetch_add(1, Ordering::Relaxed);
        self.history.note(session, Event::Sends { writer });
        writer
    }

    pub(crate) fn wrote(&self, session: u32, rows: impl IntoIterator<Item = Row>) {
        for row in rows {
            self.history.note(session, Event::Wrote(row));
        }
    }

    /// Records that the session's token is about to be taken, and returns its number; what the session did so far is in it.
    pub(crate) fn issues(&self, session: u32) -> u64 {
        let token = self.tokens.fetch_add(1, Ordering::Relaxed);
        self.history.note(session, Event::Issues { token });
        token
    }

    /// Puts a token where others find it.
    pub(crate) fn leave(&self, token: &Token) {
        let mut shared = self.lock();
        if shared.tokens.len() < TOKENS {
            shared.tokens.push(token.clone());
        } else {
            let oldest = usize::try_from(token.number).unwrap_or_default() % TOKENS;
            shared.tokens[oldest] = token.clone();
        }
    }

    /// Returns one of the tokens that lie about; `None` if there is none.
    pub(crate) fn find(&self, choose: impl FnOnce(usize) -> usize) -> Option<Token> {
        let shared = self.lock();
        let count = shared.tokens.len();
        (count > 0).then(|| shared.tokens[choose(count)].clone())
    }

    /// Records what became of a token that a session was given.
    pub(crate) fn absorbed(&self, session: u32, token: u64, outcome: Result<(), Rejection>) {
        match outcome {
            Ok(()) => self.history.note(session, Event::Absorbs { token }),
            Err(rejection) => self.failed(format!("token: {rejection}")),
        }
    }

    pub(crate) fn failed(&self, kind: String) {
        *self.lock().errors.entry(kind).or_default() += 1;
    }

    /// Returns how many acts have failed so far.
    pub(crate) fn errors(&self) -> u64 {
        self.lock().errors.values().sum()
    }

    pub(crate) fn take_errors(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.lock().errors)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a read of these keys, as a server gave them that said of itself whether it is the primary. A key without a row is shown
/// as what comes before its first version: a replica that is built anew begins without rows.
pub(crate) fn read_of(
    began: Moment,
    keys: &[i32],
    rows: Vec<(Row, bool)>,
    route: Route<'_>,
) -> Read {
    let is_primary = rows.iter().any(|(_, is_primary)| *is_primary);
    let mut rows: Vec<_> = rows.into_iter().map(|(row, _)| row).collect();
    let is_there = |key: i32| rows.iter().any(|row| row.key == key);
    let missing: Vec<_> = keys.iter().filter(|&&key| !is_there(key)).collect();
    rows.extend(missing.into_iter().map(|&key| Row::before_all(key)));
    rows.sort_unstable_by_key(|row| row.key);
    Read {
        rows,
        began,
        promised: true,
        everyones: None,
        node: route.node.to_owned(),
        // A reader's name may lead to it.
        is_primary: is_primary || route.is_primary,
        reason: route.reason.as_str(),
    }
}

/// Returns what failed, without what differs from case to case.
pub(crate) fn kind(error: &Error) -> String {
    use diesel::result::Error as DieselError;
    match error {
        Error::Checkout { step, .. } => format!("no connection, step {step}"),
        Error::WrongRole { .. } => "wrong role".to_owned(),
        Error::Query {
            source: DieselError::DatabaseError(kind, info),
            ..
        } => {
            let words: Vec<_> = info.message().split_whitespace().take(6).collect();
            format!("{kind:?}: {}", words.join(" "))
        }
        Error::Query { source, .. } => format!("statement: {source}"),
        // What follows are names and times.
        error => error
            .to_string()
            .split(':')
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}
