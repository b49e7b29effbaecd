//! A repository behind a trait, annotated with `#[consistency(..)]`: the service is written against the
//! trait, tests mock it (`tests/consistency/blocking.rs` does, with mockall), and each call is routed.
//!
//! `cargo run --example repository`

#![expect(clippy::print_stdout, reason = "an example speaks on stdout")]

use std::error::Error as StdError;

use diesel_routing::sync::prelude::*;
use diesel_routing::sync::sqlite::{ReadConn, Router, Session, WriteConn};
use diesel_routing::{Error, Node, Primary, consistency};
use diesel_routing_testkit::SqliteCluster;

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        accounts { id -> Integer, owner -> Text, balance -> BigInt, }
    }
}

use schema::accounts;

/// The accounts that the service needs. The signatures are the trait's, so the methods take the session.
trait Accounts {
    fn owner(&self, session: &Session, id: i32) -> Result<String, Error>;
    fn rename(&self, session: &Session, id: i32, owner: &str) -> Result<(), Error>;
}

struct Database;

/// Inside a method, `session` is the handle of the method's level.
#[consistency(session)]
impl Accounts for Database {
    fn owner(&self, session: &Session, id: i32) -> Result<String, Error> {
        println!("  reads the owner from {}", session.route());
        let owner = accounts::table.find(id).select(accounts::owner);
        Ok(owner.first(session)?)
    }

    #[consistency(write)]
    fn rename(&self, session: &Session, id: i32, owner: &str) -> Result<(), Error> {
        println!("  writes the owner to {}", session.route());
        let account = diesel::update(accounts::table.find(id));
        account.set(accounts::owner.eq(owner)).execute(session)?;
        Ok(())
    }
}

/// Reads the balance. A free function takes the handle of its level, and is called with whatever can provide it.
#[consistency(strong)]
fn balance(conn: &mut ReadConn<Primary>, id: i32) -> Result<i64, Error> {
    println!("  reads the balance from {}", conn.route());
    let balance = accounts::table.find(id).select(accounts::balance);
    Ok(balance.first(conn)?)
}

#[consistency(write)]
fn withdraw(conn: &mut WriteConn, id: i32, amount: i64) -> Result<bool, Error> {
    conn.transaction(|tx| {
        // On this transaction's connection.
        if balance(&mut *tx, id)? < amount {
            return Ok(false);
        }
        diesel::update(accounts::table.find(id))
            .set(accounts::balance.eq(accounts::balance - amount))
            .execute(tx)?;
        Ok(true)
    })
}

fn main() -> Result<(), Box<dyn StdError>> {
    let cluster = SqliteCluster::builder()
        .schema("CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, balance BIGINT NOT NULL)")
        .schema("INSERT INTO accounts VALUES (1, 'Ada', 100)")
        .start()?;
    let router = Router::builder()
        .primary(Node::new("db-1", cluster.primary_url()))
        .replica(Node::new("db-2", cluster.replica_url(0)?))
        .build()?;
    cluster.pause(0)?; // the replica falls behind

    let accounts = Database;
    let session = router.session();
    println!("A session that has written nothing:");
    println!("  {}", accounts.owner(&session, 1)?);
    println!("It writes, and sees its write:");
    accounts.rename(&session, 1, "Grace")?;
    println!("  {}", accounts.owner(&session, 1)?);
    println!("Another session wrote nothing, and sees the replica's state:");
    println!("  {}", accounts.owner(&router.session(), 1)?);
    println!("A withdrawal checks the present balance in its transaction:");
    println!("  70 of 100: {}", withdraw(&session, 1, 70)?);
    println!("  70 of 30: {}", withdraw(&session, 1, 70)?);
    Ok(())
}
