//! One program for three databases: the URLs say which.
//!
//! ```sh
//! cargo run --example multi --features r2d2,sync-mysql,sync-postgres,sync-sqlite
//! cargo run .. -- postgres://app@db-1/app postgres://app@db-2/app
//! cargo run .. -- mysql://app@db-1/app mysql://app@db-2/app
//! ```
//!
//! The first URL is the primary's, the others are its replicas'. Without any, it is a SQLite file of its own.

use std::io::Write as _;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel_routing::sync::{self, prelude::*};
use diesel_routing::{CaughtUp, Error, LockRowsDsl, Node, Replica, consistency};

use self::connection::AnyConnection;
use self::schema::stock;

mod connection {
    use super::*;

    /// Any of them. Diesel's derive makes one connection of it, ours one that a router hands out.
    #[derive(diesel::MultiConnection, diesel_routing::RoutedConnection)]
    pub(crate) enum AnyConnection {
        Postgres(PgConnection),
        Mysql(MysqlConnection),
        Sqlite(SqliteConnection),
    }
}

mod schema {
    diesel::table! {
        stock (item) {
            item -> Integer,
            remaining -> Integer,
        }
    }
}

type ReadConn<R> = sync::ReadConn<R, AnyConnection>;
type WriteConn = sync::WriteConn<AnyConnection>;
type Router = sync::Router<AnyConnection>;

/// Returns how many of an item are left, with all that this session has taken.
#[consistency(session)]
fn remaining(conn: &mut ReadConn<CaughtUp>, item: i32) -> Result<i32, Error> {
    let remaining = stock::table.find(item).select(stock::remaining);
    Ok(remaining.first(conn)?)
}

/// Takes some of an item, if there are as many.
#[consistency(write)]
fn take(conn: &mut WriteConn, item: i32, count: i32) -> Result<bool, Error> {
    conn.transaction(|tx| {
        let row = stock::table.find(item);
        let left: i32 = row.select(stock::remaining).lock_rows().first(tx)?;
        if left < count {
            return Ok(false);
        }
        let update = diesel::update(row).set(stock::remaining.eq(left - count));
        Ok(update.execute(tx)? == 1)
    })
}

/// Returns the items of which there are some, on a replica however far behind.
fn items(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<i32>> {
    let items = stock::table.filter(stock::remaining.gt(0));
    items.order(stock::item).select(stock::item).load(conn)
}

/// Makes a router of nodes that have one kind of database.
fn router(urls: &[String]) -> Result<Router, Error> {
    let mut nodes = (1..)
        .zip(urls)
        .map(|(number, url)| Node::new(format!("db-{number}"), url));
    let mut builder = Router::builder().on_connect(|conn, _| match conn {
        // What only one of them needs.
        AnyConnection::Sqlite(conn) => conn.batch_execute("PRAGMA busy_timeout = 5000"),
        AnyConnection::Postgres(_) | AnyConnection::Mysql(_) => Ok(()),
    });
    if let Some(primary) = nodes.next() {
        builder = builder.primary(primary);
    }
    for replica in nodes {
        builder = builder.replica(replica);
    }
    builder.build()
}

/// Sells some stock, and says what came of it.
fn run(urls: &[String]) -> Result<String, Error> {
    let router = router(urls)?;
    let session = router.session();
    let mut conn = session.write()?;
    conn.batch_execute(
        "CREATE TABLE IF NOT EXISTS stock (item INTEGER NOT NULL PRIMARY KEY, remaining INTEGER NOT NULL)",
    )?;
    conn.transaction(|tx| {
        diesel::delete(stock::table).execute(tx)?;
        // One by one: several rows at once are no insert that all three have.
        [1, 2].into_iter().try_for_each(|item| {
            diesel::insert_into(stock::table)
                .values((stock::item.eq(item), stock::remaining.eq(10)))
                .execute(tx)
                .map(drop)
        })
    })?;
    drop(conn);
    let (sold, refused) = (take(&session, 1, 3)?, !take(&session, 1, 8)?);
    let mut conn = session.waiting(Duration::from_secs(1)).read()?;
    let (left, items) = (remaining(&mut conn, 1)?, items(&mut conn)?);
    Ok(format!(
        "sold: {sold}, refused: {refused}, left: {left}, items: {items:?}"
    ))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut urls: Vec<_> = std::env::args().skip(1).collect();
    let dir = tempfile::tempdir()?;
    if urls.is_empty() {
        let file = dir.path().join("stock.db");
        urls.push(format!("sqlite://{}", file.display()));
    }
    writeln!(std::io::stdout(), "{}", run(&urls)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use diesel_routing_testkit::{MariaCluster, PgCluster, SqliteCluster};

    use super::*;

    const SOLD: &str = "sold: true, refused: true, left: 7, items: [1, 2]";

    #[test]
    fn the_program_runs_on_postgresql() -> Result<(), Box<dyn std::error::Error>> {
        let cluster = PgCluster::builder().standbys(1).start()?;
        let urls = [cluster.primary().url(), cluster.standby(0).url()];
        assert_eq!(run(&urls)?, SOLD);
        Ok(())
    }

    #[test]
    fn the_program_runs_on_mariadb() -> Result<(), Box<dyn std::error::Error>> {
        let cluster = MariaCluster::builder().replicas(1).start()?;
        let urls = [cluster.primary().url(), cluster.replica(0).url()];
        assert_eq!(run(&urls)?, SOLD);
        Ok(())
    }

    #[test]
    fn the_program_runs_on_sqlite() -> Result<(), Box<dyn std::error::Error>> {
        let cluster = SqliteCluster::builder().replicas(1).start()?;
        let urls = [cluster.primary_url(), cluster.replica_url(0)?].map(str::to_owned);
        assert_eq!(run(&urls)?, SOLD);
        Ok(())
    }

    #[test]
    fn nodes_of_two_kinds_are_refused() {
        let urls = ["postgres://db-1/app", "stock.db"].map(str::to_owned);
        let words = run(&urls).unwrap_err().to_string();
        assert!(
            words.contains("`db-1` is PostgreSQL, `db-2` is SQLite"),
            "{words}"
        );
    }
}
