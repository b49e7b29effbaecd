//! Database sessions behind shared handles: what statements leave in them, and transactions of raw SQL.

use diesel::dsl::{select, sql};
use diesel::sql_types::Text;
use diesel_routing::Reset;

use super::world::World;
use super::*;

/// Where the session looks for tables.
async fn search_path(mut conn: &ReadConn<Replica>) -> String {
    let path = select(sql::<Text>("current_setting('search_path')"));
    path.get_result(&mut conn).await.unwrap()
}

#[test]
fn what_a_batch_leaves_behind_is_gone_for_the_next_user() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let conn = world.router.write().await.unwrap();
        (&conn)
            .batch_execute("SET search_path = pg_catalog")
            .await
            .unwrap();
        assert_eq!(search_path(&conn).await, "pg_catalog");
        drop(conn);
        let conn = world.router.write().await.unwrap();
        let left = search_path(&conn).await;
        assert!(left.contains("public"), "{left}");
    });
}

#[test]
fn what_a_statement_leaves_behind_is_gone_for_the_next_user() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        world.cluster.catch_up();
        let conn = world.router.write().await.unwrap();
        let set = diesel::sql_query("SET search_path = pg_catalog");
        set.execute(&mut &conn).await.unwrap();
        assert_eq!(search_path(&conn).await, "pg_catalog");
        drop(conn);
        let conn = world.router.write().await.unwrap();
        let left = search_path(&conn).await;
        assert!(left.contains("public"), "{left}");
        // Of a handle that reads, too.
        let conn = world.router.read_eventual().await.unwrap();
        assert_eq!(conn.route().node, "replica-0");
        let set = "SELECT set_config('search_path', 'pg_catalog', false) AS value";
        ReadSql::vouch(set).execute(&mut &conn).await.unwrap();
        assert_eq!(search_path(&conn).await, "pg_catalog");
        drop(conn);
        let conn = world.router.read_eventual().await.unwrap();
        let left = search_path(&conn).await;
        assert!(left.contains("public"), "{left}");
    });
}

#[test]
fn in_a_transaction_of_raw_sql_a_lock_gets_what_the_server_says() {
    run(async {
        for reset in [Reset::Changed, Reset::Never] {
            let world = World::with(0, |builder| builder.reset(reset)).await;
            let writer = world.router.write().await.unwrap();
            let reader: &ReadConn<Primary> = &writer;
            let lock = || users::table.find(1).for_update();
            let mut shared = &writer;
            shared
                .batch_execute("START TRANSACTION READ ONLY")
                .await
                .unwrap();
            let error = lock().first::<User>(&mut &*reader).await.unwrap_err();
            Cluster::assert_read_only(&error);
            shared.batch_execute("ROLLBACK; BEGIN").await.unwrap();
            lock().first::<User>(&mut &*reader).await.unwrap();
            shared.batch_execute("ROLLBACK").await.unwrap();
        }
    });
}
