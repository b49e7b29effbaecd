//! `RedisStore`: session states in Redis or Valkey.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client, Script};

use crate::edge::redis_script::{self, ATTEMPTS, Join, PREFIX};
use crate::edge::{StoreError, StoreFuture, TokenStore};
use crate::session::Token;

/// A store of session states in Redis or Valkey, shared by all processes of a service.
///
/// A state is one string, [`Token::to_bytes`], under `diesel-routing:session:` and the key. It is kept for a token's
/// life, counted from the last write. It is not signed: whoever can write to the store can send reads to the
/// primary for a while, or make a session miss its own writes.
///
/// States are joined by a script that sets the key if it still has the bytes that were read, and otherwise returns
/// its value, to be joined again. So if two nodes write at the same time, neither loses its position. A session's
/// first write takes one round trip, a later one two, and one more for every node that wrote
/// in between.
///
/// All callers share one connection, which is reopened in the background when it is lost.
///
/// ```no_run
/// use diesel_routing::edge::RedisStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisStore::new("redis://10.0.0.5/")?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct RedisStore {
    source: Source,
    script: Script,
    prefix: String,
}

/// The origin of the connection.
#[derive(Clone)]
enum Source {
    /// The connection is opened in the runtime of the first caller, on first use.
    Client(Box<Client>, Arc<OnceLock<ConnectionManager>>),
    Connection(ConnectionManager),
}

/// The time limit of one question, or one attempt to connect. The edge stops waiting earlier, but a late answer
/// must not hold up those behind it. Chosen: ten times the default `store_timeout`.
const PATIENCE: Duration = Duration::from_millis(500);

impl RedisStore {
    /// Creates a store at this URL, `redis://`, `unix://` or, with the feature `redis-rustls`, `rediss://`; the first call connects.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Failed`] if `url` is invalid. An unreachable server is not reported here.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(StoreError::failed)?;
        Ok(Self::of(Source::Client(Box::new(client), Arc::default())))
    }

    /// Creates a store on an existing connection, with TLS or the like.
    #[must_use]
    pub fn from_connection(connection: ConnectionManager) -> Self {
        Self::of(Source::Connection(connection))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
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

    fn connection(&self) -> Result<ConnectionManager, StoreError> {
        let (client, known) = match &self.source {
            Source::Connection(connection) => return Ok(connection.clone()),
            Source::Client(client, known) => (client, known),
        };
        if let Some(connection) = known.get() {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connection = ConnectionManager::new_lazy_with_config(Client::clone(client), config);
        let connection = connection.map_err(StoreError::failed)?;
        Ok(known.get_or_init(|| connection).clone())
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

impl TokenStore for RedisStore {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Token>> {
        Box::pin(async move {
            let mut connection = self.connection()?;
            let bytes: Option<Vec<u8>> = connection
                .get(self.key(key))
                .await
                .map_err(StoreError::failed)?;
            redis_script::state(bytes)
        })
    }

    fn join<'a>(&'a self, key: &'a str, token: &'a Token, life: Duration) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut connection = self.connection()?;
            let mut join = Join::new(self.key(key), token, life);
            for _ in 0..ATTEMPTS {
                let answer: Option<Vec<u8>> = join
                    .invocation(&self.script)
                    .invoke_async(&mut connection)
                    .await
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

/// Omits the URL, which may have a password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
