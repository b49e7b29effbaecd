//! `MemoryStore`: session states in this process.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use moka::notification::RemovalCause;
use moka::ops::compute::Op;
use moka::sync::Cache;
use moka::{Expiry, policy::EvictionPolicy};

use super::{StoreFuture, TokenStore};
use crate::error::StoreError;
use crate::mutex::lock;
use crate::session::Token;

/// A store of session states in memory, for a service of one process: bounded by number and, through the token's
/// life, by time.
///
/// A session that is evicted is not forgotten: the join of the states of all evicted sessions is kept in one
/// more state, which stands for every session that is not found. So if more sessions
/// write within a token's life than fit, some read from the primary for longer than necessary, but
/// none reads stale rows.
///
/// One state takes about half a kilobyte, keys included.
///
/// ```
/// use diesel_routing::edge::MemoryStore;
///
/// let store = MemoryStore::new(100_000); // about 50 MB
/// # let _ = store;
/// ```
#[derive(Debug, Clone)]
pub struct MemoryStore {
    states: Cache<String, State>,
    evicted: Arc<Mutex<Option<Token>>>,
}

#[derive(Debug, Clone)]
struct State {
    token: Token,
    life: Duration,
}

impl MemoryStore {
    /// Creates a store for `max_sessions` sessions at most.
    #[must_use]
    pub fn new(max_sessions: u64) -> Self {
        let evicted = Arc::new(Mutex::new(None));
        let listener = {
            let evicted = Arc::clone(&evicted);
            move |_: Arc<String>, state: State, cause: RemovalCause| {
                if cause == RemovalCause::Size {
                    join(&evicted, &state.token);
                }
            }
        };
        let states = Cache::builder()
            .max_capacity(max_sessions)
            // Evicts the least recently used; TinyLFU would rather refuse a newcomer.
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(Lives)
            .eviction_listener(listener)
            .build();
        Self { states, evicted }
    }

    /// Returns the approximate number of sessions that are kept now.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.states.entry_count()
    }

    /// Returns whether no session is kept, approximately.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the state under this key, if there is one.
    pub(crate) fn get(&self, key: &str) -> Option<Token> {
        if let Some(state) = self.states.get(key) {
            return Some(state.token);
        }
        // An eviction that is under way is completed before this returns.
        self.states.run_pending_tasks();
        let mut evicted = lock(&self.evicted);
        evicted.take_if(|token| token.expires() <= SystemTime::now());
        evicted.clone()
    }

    /// Joins a state with the one under this key.
    pub(crate) fn put(&self, key: &str, token: &Token, life: Duration) {
        self.states.entry_by_ref(key).and_compute_with(|known| {
            let token = match known {
                Some(known) => known.into_value().token.merge(token),
                None => token.clone(),
            };
            Op::Put(State { token, life })
        });
    }
}

fn join(evicted: &Mutex<Option<Token>>, token: &Token) {
    let mut evicted = lock(evicted);
    let joined = evicted.as_ref().map(|known| known.merge(token));
    *evicted = Some(joined.unwrap_or_else(|| token.clone()));
}

impl TokenStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Token>> {
        Box::pin(std::future::ready(Ok(self.get(key))))
    }

    fn join<'a>(&'a self, key: &'a str, token: &'a Token, life: Duration) -> StoreFuture<'a, ()> {
        self.put(key, token, life);
        Box::pin(std::future::ready(Ok(())))
    }
}

impl crate::sync::edge::TokenStore for MemoryStore {
    fn load(&self, key: &str, _: Duration) -> Result<Option<Token>, StoreError> {
        Ok(self.get(key))
    }

    fn join(
        &self,
        key: &str,
        token: &Token,
        life: Duration,
        _: Duration,
    ) -> Result<(), StoreError> {
        self.put(key, token, life);
        Ok(())
    }
}

/// An expiry policy: a state is kept for a token's life, counted from its last write.
#[derive(Debug)]
struct Lives;

impl Expiry<String, State> for Lives {
    fn expire_after_create(&self, _: &String, state: &State, _: Instant) -> Option<Duration> {
        Some(state.life)
    }

    fn expire_after_update(
        &self,
        _: &String,
        state: &State,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(state.life)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::{Lsn, PgPosition, Position};

    const LIFE: Duration = Duration::from_secs(3600);

    fn wrote(lsn: u64) -> Token {
        let now = SystemTime::now();
        Token::new(now + LIFE).wrote(at(lsn), now)
    }

    fn at(lsn: u64) -> Position {
        Position::Postgres(PgPosition::new(1, 1, Lsn(lsn)))
    }

    fn required(store: &MemoryStore, key: &str) -> Option<Position> {
        store.get(key).and_then(|token| token.required())
    }

    #[test]
    fn an_older_state_takes_nothing_away() {
        let store = MemoryStore::new(10);
        store.put("a", &wrote(20), LIFE);
        store.put("a", &wrote(10), LIFE);
        assert_eq!(required(&store, "a"), Some(at(20)));
        assert_eq!(required(&store, "b"), None);
    }

    #[test]
    fn writers_at_once_lose_nothing() {
        let store = MemoryStore::new(10);
        std::thread::scope(|threads| {
            for thread in 0..4_u64 {
                let store = &store;
                threads.spawn(move || {
                    for round in 0..500 {
                        store.put("a", &wrote(round * 4 + thread), LIFE);
                    }
                });
            }
        });
        assert_eq!(required(&store, "a"), Some(at(1999)));
    }

    #[test]
    fn what_gives_way_is_not_forgotten_and_the_number_is_bounded() {
        let store = MemoryStore::new(10);
        for user in 1..=10_000 {
            store.put(&format!("user-{user}"), &wrote(user), LIFE);
            let other = user.div_ceil(2);
            let known = required(&store, &format!("user-{other}"));
            assert!(
                known.as_ref().is_some_and(|known| known.covers(&at(other))),
                "{user}: {known:?}"
            );
        }
        store.states.run_pending_tasks();
        assert!(store.len() <= 10, "{}", store.len());
    }

    #[test]
    fn a_state_ends_with_its_life() {
        let store = MemoryStore::new(10);
        store.put("a", &wrote(1), Duration::ZERO);
        assert_eq!(required(&store, "a"), None);
    }
}
