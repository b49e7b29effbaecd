//! What the embedded cluster promises, seen through Diesel connections.
#![expect(clippy::unwrap_used, reason = "tests")]

mod cluster;
mod lag;
mod states;

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_routing_testkit::{SqliteCluster, SqliteClusterBuilder};
use schema::{accounts, notes, pages, transfers};

mod schema {
    diesel::table! {
        notes (id) { id -> Integer, body -> Text }
    }
    diesel::table! {
        accounts (id) { id -> Integer, balance -> Integer }
    }
    diesel::table! {
        transfers (id) { id -> Integer, at_micros -> BigInt }
    }
    diesel::table! {
        pages (id) { id -> Integer, body -> Text }
    }
}

const NOTES: &str = "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL)";
const ACCOUNTS: &str = "
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
    INSERT INTO accounts SELECT value, 1000 FROM json_each('[0,1,2,3,4,5,6,7,8,9]');
    CREATE TABLE transfers (id INTEGER PRIMARY KEY, at_micros BIGINT NOT NULL);";
const LONG: Duration = Duration::from_secs(30);

fn notes_cluster() -> SqliteClusterBuilder {
    SqliteCluster::builder().schema(NOTES)
}

fn connect(url: &str) -> SqliteConnection {
    let mut conn = SqliteConnection::establish(url).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF")
        .unwrap();
    conn
}

fn connect_to_replica(cluster: &SqliteCluster, index: usize) -> SqliteConnection {
    connect(cluster.replica_url(index).unwrap())
}

fn write_note(conn: &mut SqliteConnection, body: &str) {
    diesel::insert_into(notes::table)
        .values(notes::body.eq(body))
        .execute(conn)
        .unwrap();
}

fn bodies(conn: &mut SqliteConnection) -> Vec<String> {
    notes::table
        .order(notes::id)
        .select(notes::body)
        .load(conn)
        .unwrap()
}

/// Moves 1 from one account to another and says when, in one transaction.
fn transfer(conn: &mut SqliteConnection, number: i32, start: Instant) -> QueryResult<()> {
    conn.immediate_transaction(|conn| {
        let at = i64::try_from(start.elapsed().as_micros()).unwrap();
        let take = accounts::table.find(number % 10);
        diesel::update(take)
            .set(accounts::balance.eq(accounts::balance - 1))
            .execute(conn)?;
        let give = accounts::table.find((number + 3) % 10);
        diesel::update(give)
            .set(accounts::balance.eq(accounts::balance + 1))
            .execute(conn)?;
        diesel::insert_into(transfers::table)
            .values((transfers::id.eq(number), transfers::at_micros.eq(at)))
            .execute(conn)?;
        Ok(())
    })
}

fn poll_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !done() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        thread::yield_now();
    }
}
