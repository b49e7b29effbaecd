use diesel_routing::pg::{ReadConn, Router, WriteConn};
use diesel_routing::prelude::*;
use diesel_routing::{CaughtUp, Error, Primary, Replica, consistency};

use super::super::{HOUR, cluster, node, settings};
use super::pg_is_in_recovery;

#[consistency(eventual)]
async fn eventual(conn: &mut ReadConn<Replica>) -> Result<bool, Error> {
    Ok(diesel::select(pg_is_in_recovery()).get_result(conn).await?)
}

#[consistency(bounded = "30s")]
async fn bounded(conn: &mut ReadConn<Replica>) -> Result<bool, Error> {
    Ok(diesel::select(pg_is_in_recovery()).get_result(conn).await?)
}

#[consistency(session)]
async fn in_session(conn: &mut ReadConn<CaughtUp>) -> Result<bool, Error> {
    Ok(diesel::select(pg_is_in_recovery()).get_result(conn).await?)
}

#[consistency(strong)]
async fn strong(conn: &mut ReadConn<Primary>) -> Result<bool, Error> {
    Ok(diesel::select(pg_is_in_recovery()).get_result(conn).await?)
}

#[consistency(write)]
async fn write(conn: &mut WriteConn, theme: &str) -> Result<bool, Error> {
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq(theme))
        .execute(&mut *conn)
        .await?;
    in_session(conn).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_level_runs_on_the_server_that_it_may() {
    let cluster = cluster(1);
    let router = Router::builder()
        .window(HOUR)
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .await
        .expect("a router");
    let session = router.session();
    assert!(eventual(&session).await.expect("a read"));
    assert!(bounded(&session).await.expect("a read"));
    assert!(in_session(&session).await.expect("a read"));
    assert!(!strong(&session).await.expect("a read"));

    cluster.standby(0).pause_replay().expect("paused");
    assert!(!write(&session, "dark").await.expect("a write"));
    assert!(
        !in_session(&session).await.expect("a read"),
        "it lacks the write"
    );
    assert!(eventual(&session).await.expect("a read"));
    let another = router.session();
    assert!(
        in_session(&another).await.expect("a read"),
        "it wrote nothing"
    );
    // Outside sessions, the primary, but for `eventual`.
    assert!(!in_session(&router).await.expect("a read"));
    assert!(!bounded(&router).await.expect("a read"));
    assert!(eventual(&router).await.expect("a read"));

    let mut conn = session.write().await.expect("a connection");
    conn.transaction(async |tx| {
        write(&mut *tx, "darker").await?;
        assert!(
            !eventual(&mut *tx).await?,
            "on the transaction's connection"
        );
        Ok::<_, Error>(())
    })
    .await
    .expect("a transaction");
}
