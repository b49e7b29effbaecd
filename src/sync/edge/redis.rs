//! `RedisStore`: session states in Redis or Valkey.

use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use redis::{Client, Commands, Connection, Script};

use super::TokenStore;
use crate::cluster::after;
use crate::edge::StoreError;
use crate::edge::redis_script::{self, ATTEMPTS, Join, PREFIX};
use crate::mutex::lock;
use crate::session::Token;

/// A store of session states in Redis or Valkey, shared by all processes of a service: the counterpart of
/// `edge::RedisStore` for async services, on the same keys and values.
///
/// It keeps the connections that it opened, as many as there are requests at a time.
pub struct RedisStore {
    client: Client,
    idle: Mutex<Vec<Connection>>,
    script: Script,
    prefix: String,
}

impl RedisStore {
    /// Creates a store at this URL, `redis://`, `unix://` or, with the feature `redis-rustls`, `rediss://`; the first call connects.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Failed`] if `url` is invalid. An unreachable server is not reported here.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        Client::open(url)
            .map(Self::from_client)
            .map_err(StoreError::failed)
    }

    /// Creates a store on an existing client, with TLS or the like.
    #[must_use]
    pub fn from_client(client: Client) -> Self {
        Self {
            client,
            idle: Mutex::default(),
            script: redis_script::script(),
            prefix: PREFIX.to_owned(),
        }
    }

    /// Sets the prefix of keys. Defaults to `diesel-routing:session:`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Runs `ask` on a connection, which is kept if it succeeds: after a failure, an answer may be on its way. Then the
    /// idle ones are dropped, too: a Redis that was restarted has closed them all.
    fn on_connection<T>(
        &self,
        until: Instant,
        ask: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self
                .client
                .get_connection_with_timeout(left(until)?)
                .map_err(StoreError::failed)?,
        };
        limit(&connection, until)?;
        let answer = ask(&mut connection);
        let mut idle = self.idle();
        if answer.is_ok() {
            idle.push(connection);
        } else {
            idle.clear();
        }
        answer
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        lock(&self.idle)
    }
}

impl TokenStore for RedisStore {
    fn load(&self, key: &str, timeout: Duration) -> Result<Option<Token>, StoreError> {
        let bytes: Option<Vec<u8>> = self
            .on_connection(after(Instant::now(), timeout), |connection| {
                connection.get(self.key(key)).map_err(StoreError::failed)
            })?;
        redis_script::state(bytes)
    }

    fn join(
        &self,
        key: &str,
        token: &Token,
        life: Duration,
        timeout: Duration,
    ) -> Result<(), StoreError> {
        let until = after(Instant::now(), timeout);
        let mut join = Join::new(self.key(key), token, life);
        self.on_connection(until, |connection| {
            for _ in 0..ATTEMPTS {
                limit(connection, until)?;
                let answer: Option<Vec<u8>> = join
                    .invocation(&self.script)
                    .invoke(connection)
                    .map_err(StoreError::failed)?;
                match answer {
                    None => return Ok(()),
                    Some(known) => join.lost_to(known),
                }
            }
            Err(StoreError::Contended)
        })
    }
}

/// Limits the time of whatever is asked next.
fn limit(connection: &Connection, until: Instant) -> Result<(), StoreError> {
    let left = Some(left(until)?);
    connection
        .set_read_timeout(left)
        .and_then(|()| connection.set_write_timeout(left))
        .map_err(StoreError::failed)
}

fn left(until: Instant) -> Result<Duration, StoreError> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(StoreError::failed("it took too long"));
    }
    Ok(left)
}

/// Omits the URL, which may have a password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
