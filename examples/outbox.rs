//! An outbox: a service writes, a relay publishes, and a consumer reads from replicas what a message is about.
//!
//! ```text
//! cargo run --example outbox
//! ```
//!
//! Starts a PostgreSQL primary with a standby on this machine, and holds the standby's replay up: without the position that comes
//! with the message, the consumer would not find the order there.

#![expect(clippy::print_stdout, reason = "what it has to say")]

use std::time::Duration;

use anyhow::{Context, Result};
use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel_routing::pg::{Router, Session};
use diesel_routing::{Node, prelude::*};
use diesel_routing_testkit::PgCluster;
use tokio::sync::mpsc;

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        orders { id -> Integer, item -> Text, }
    }
    diesel::table! {
        outbox { id -> BigInt, order_id -> Integer, }
    }
}

use schema::{orders, outbox};

const SCHEMA: &str = "CREATE TABLE orders (id int PRIMARY KEY, item text NOT NULL);
    CREATE TABLE outbox (id bigserial PRIMARY KEY, order_id int NOT NULL)";

/// A message of the queue.
#[derive(Debug)]
struct Message {
    order: i32,
    /// Every node that has replayed up to here has the order.
    position: String,
}

/// Plays the service: writes the order and the note that it is to be published, in one transaction.
async fn place(session: &Session, id: i32, item: &str) -> Result<(), diesel_routing::Error> {
    let mut conn = session.write().await?;
    conn.transaction(async |tx| {
        let order = (orders::id.eq(id), orders::item.eq(item));
        diesel::insert_into(orders::table)
            .values(order)
            .execute(tx)
            .await?;
        diesel::insert_into(outbox::table)
            .values(outbox::order_id.eq(id))
            .execute(tx)
            .await?;
        QueryResult::Ok(())
    })
    .await?;
    Ok(())
}

/// Plays the relay: reads the notes on the primary, and asks for its position *after* that. What was seen was committed
/// before.
async fn relay(router: &Router, queue: &mpsc::UnboundedSender<Message>) -> Result<()> {
    let mut conn = router.write().await?;
    let notes = outbox::table.order(outbox::id);
    let notes: Vec<(i64, i32)> = notes.load(&mut conn).await?;
    let position = diesel::select(sql::<Text>("pg_current_wal_insert_lsn()::text"));
    let position: String = position.get_result(&mut conn).await?;
    for (note, order) in notes {
        queue.send(Message {
            order,
            position: position.clone(),
        })?;
        // Published, if not twice.
        diesel::delete(outbox::table.find(note))
            .execute(&mut conn)
            .await?;
    }
    Ok(())
}

/// Plays the consumer: its reads come from a replica that has the order, and from the primary until one has.
async fn handle(router: &Router, message: &Message) -> Result<(String, String)> {
    let session = router.session();
    session.require(&message.position)?;
    let mut conn = session.read().await?;
    let item = orders::table.find(message.order).select(orders::item);
    let item = item.first(&mut conn).await?;
    Ok((item, conn.route().to_string()))
}

#[tokio::main]
async fn main() -> Result<()> {
    let cluster = PgCluster::builder().standbys(1).start()?;
    cluster.primary().execute(SCHEMA)?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    let router = Router::builder()
        .primary(Node::new("db-1", cluster.primary().url()).write_pool_size(2))
        .replica(Node::new("db-2", cluster.standby(0).url()))
        .build()
        .await?;
    let (queue, mut messages) = mpsc::unbounded_channel();

    cluster.standby(0).pause_replay()?;
    place(&router.session(), 1, "lamp").await?;
    relay(&router, &queue).await?;
    let message = messages.recv().await.context("a message")?;
    println!("{message:?}");

    let mut conn = router.session().read().await?;
    let there = orders::table.find(message.order).select(orders::item);
    let there: Option<String> = there.first(&mut conn).await.optional()?;
    println!("on {}, without the position: {there:?}", conn.route());
    drop(conn);
    let (item, route) = handle(&router, &message).await?;
    println!("on {route}, with it: {item:?}");

    cluster.standby(0).resume_replay()?;
    let report = router.verify_caught_up(Duration::from_secs(10)).await?;
    println!("{report}");
    let (item, route) = handle(&router, &message).await?;
    println!("on {route}, with it: {item:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs() -> Result<()> {
        main()
    }
}
