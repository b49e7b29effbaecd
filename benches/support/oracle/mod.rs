//! A router that asks before each read: no router can keep more reads off the primary without guessing or waiting.

pub(crate) mod postgres;

use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Result;
use diesel::QueryResult;
use diesel_async::AsyncConnection;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, PoolError};

/// The statements of a workload, on one kind of server.
pub(crate) trait Statements: 'static {
    type Connection: AsyncConnection + 'static;
    /// The manager that opens connections for a pool.
    type Manager: bb8::ManageConnection<Connection = Self::Connection, Error = PoolError>
        + From<AsyncDieselConnectionManager<Self::Connection>>;
    /// The key of a read.
    type Keys: Sync + ?Sized;
    /// The row that it returns.
    type Rows: Send;

    /// Returns how far the server is, as a number that never falls.
    fn position(
        conn: &mut Self::Connection,
        role: Role,
    ) -> impl Future<Output = QueryResult<i64>> + Send;

    /// Reads, and asks how far the server is after that: no more than that was seen.
    fn read(
        conn: &mut Self::Connection,
        role: Role,
        keys: &Self::Keys,
    ) -> impl Future<Output = QueryResult<(Self::Rows, i64)>> + Send;

    /// Raises the version of a row, and returns it with a position that has it.
    fn write(
        conn: &mut Self::Connection,
        key: i32,
    ) -> impl Future<Output = QueryResult<(i64, i64)>> + Send;
}

/// The role of a server, which decides how it is asked for its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Primary,
    Replica,
}

/// The router, which all users share.
pub(crate) struct Oracle<S: Statements> {
    primary: bb8::Pool<S::Manager>,
    replicas: Vec<Replica<S>>,
}

struct Replica<S: Statements> {
    pool: bb8::Pool<S::Manager>,
    /// The position that it has at least.
    replayed: AtomicI64,
}

/// The position that a user's next read must have: that of all they wrote and saw.
#[derive(Debug, Default)]
pub(crate) struct Needs(i64);

impl<S: Statements> Oracle<S> {
    /// Opens pools of up to `connections` connections to each server.
    pub(crate) async fn new(
        primary: String,
        replicas: impl IntoIterator<Item = String>,
        connections: u32,
    ) -> Result<Self> {
        let mut opened = Vec::new();
        for url in replicas {
            opened.push(Replica {
                pool: pool::<S>(url, connections).await?,
                replayed: AtomicI64::new(0),
            });
        }
        Ok(Self {
            primary: pool::<S>(primary, connections).await?,
            replicas: opened,
        })
    }

    /// Reads, and returns the rows with the role of the server that they came from.
    pub(crate) async fn read(&self, needs: &mut Needs, keys: &S::Keys) -> Result<(S::Rows, Role)> {
        let first = rand::random_range(0..self.replicas.len());
        let (before, after) = self.replicas.split_at(first);
        for replica in after.iter().chain(before) {
            let mut conn = replica.pool.get().await?;
            // What a replica has replayed it has for good: asking again is for what it may have got.
            let has_all = AtomicI64::load(&replica.replayed, Ordering::Relaxed) >= needs.0
                || S::position(&mut conn, Role::Replica).await? >= needs.0;
            if has_all {
                let (rows, position) = S::read(&mut conn, Role::Replica, keys).await?;
                replica.replayed.fetch_max(position, Ordering::Relaxed);
                needs.0 = needs.0.max(position);
                return Ok((rows, Role::Replica));
            }
        }
        let mut conn = self.primary.get().await?;
        let (rows, position) = S::read(&mut conn, Role::Primary, keys).await?;
        needs.0 = needs.0.max(position);
        Ok((rows, Role::Primary))
    }

    /// Raises the version of a row, and returns it.
    pub(crate) async fn write(&self, needs: &mut Needs, key: i32) -> Result<i64> {
        let mut conn = self.primary.get().await?;
        let (version, position) = S::write(&mut conn, key).await?;
        needs.0 = needs.0.max(position);
        Ok(version)
    }
}

async fn pool<S: Statements>(url: String, size: u32) -> Result<bb8::Pool<S::Manager>> {
    let manager = AsyncDieselConnectionManager::new(url);
    let pool = bb8::Pool::builder().max_size(size).test_on_check_out(false);
    Ok(pool.build(S::Manager::from(manager)).await?)
}
