//! Memory of sessions that are kept, as a service with a session for each of its users has them.

use std::time::Duration;

use diesel_routing::pg::{Router, Session};
use diesel_routing::prelude::*;
use diesel_routing::{Error, Node};
use diesel_routing_testkit::PgCluster;

use crate::Outcome;
use crate::process::resident_bytes;

const SESSIONS: usize = 100_000;

diesel::table! {
    rows (id) {
        id -> Integer,
    }
}

/// Prints the growth of the process by sessions that do nothing, read, and write.
pub(crate) async fn run() -> Outcome {
    let cluster = PgCluster::builder().standbys(1).start()?;
    cluster
        .primary()
        .execute("CREATE TABLE rows (id int PRIMARY KEY); INSERT INTO rows VALUES (1)")?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    let router = Router::builder()
        .primary(Node::new("primary", cluster.primary().url()))
        .replica(Node::new("replica", cluster.standby(0).url()))
        .build()
        .await?;
    // Whatever a pool and a task keep, they keep from here on.
    let warm = router.session();
    for _ in 0..100 {
        read(&warm).await?;
        write(&warm).await?;
    }
    println!(
        "\n{:<12} {:>18} {:>14}",
        "session", "bytes of memory", "a million"
    );
    let mut sessions = Vec::with_capacity(SESSIONS);
    // The list itself is written to as it fills.
    sessions.resize_with(SESSIONS, || None);
    let before = resident_bytes()?;
    for session in &mut sessions {
        *session = Some(router.session());
    }
    print("nothing", before)?;
    for session in sessions.iter().flatten() {
        read(session).await?;
    }
    print("read", before)?;
    for session in sessions.iter().flatten() {
        write(session).await?;
        read(session).await?;
    }
    print("wrote", before)
}

fn print(name: &str, before: u64) -> Outcome {
    let each = resident_bytes()?.saturating_sub(before) as f64 / SESSIONS as f64;
    let mega = each * 1e6 / f64::from(1 << 20);
    println!("{name:<12} {each:>18.0} {mega:>10.0} MiB");
    Ok(())
}

async fn read(session: &Session) -> Result<(), Error> {
    // No statement: what a session keeps does not depend on it.
    session.read().await.map(drop)
}

async fn write(session: &Session) -> Outcome {
    let mut conn = session.write().await?;
    let row = rows::table.find(1);
    diesel::update(row)
        .set(rows::id.eq(1))
        .execute(&mut conn)
        .await?;
    Ok(())
}
