//! Connection strings of all kinds, and accounts, that lead to another database.

use diesel_routing::PoolOptions;

use super::tenants::{on_a_replica, seed};
use super::*;

#[derive(diesel::QueryableByName)]
struct Place {
    #[diesel(sql_type = diesel::sql_types::Text)]
    place: String,
}

/// The account and the database of a connection.
async fn place(conn: &mut WriteConn) -> String {
    let sql = "SELECT current_user::text || ' in ' || current_database()::text AS place";
    let place: Place = wait!(diesel::sql_query(sql).get_result(conn)).unwrap();
    place.place
}

#[test]
fn strings_of_all_kinds_lead_to_another_database_of_the_same_server() {
    run(async {
        let cluster = Cluster::start(1);
        cluster.create_database("tenant_a");
        let sockets = [0, 1].map(|index| cluster.node(index).socket_dir().display().to_string());
        let hosts = sockets.clone().map(|dir| dir.replace('/', "%2F"));
        for primary in [
            format!("host='{}' port=5432 user=app dbname='app'", sockets[0]),
            format!("postgresql://app@{}:5432?dbname=app", hosts[0]),
            format!("postgresql:///app?host={}&port=5432&user=app", sockets[0]),
            // Whichever of them takes writes.
            format!(
                "postgresql://app@{}:5432,{}:5432/app?target_session_attrs=read-write",
                hosts[1], hosts[0]
            ),
        ] {
            let builder = builder()
                .primary(Node::new("primary", &primary))
                .replica(cluster.replica(0));
            let router = wait!(builder.build()).unwrap();
            let tenant = router.for_database("tenant_a").unwrap();
            let mut conn = wait!(tenant.write()).unwrap();
            assert_eq!(place(&mut conn).await, "app in tenant_a", "{primary}");
            assert_eq!(conn.route().node, "primary");
            let mut conn = wait!(router.write()).unwrap();
            assert_eq!(place(&mut conn).await, "app in app", "{primary}");
            assert_eq!(router.for_database("app").unwrap().database(), None);
        }
    });
}

#[test]
fn each_pool_has_its_account_in_every_database() {
    run(async {
        let cluster = Cluster::start(0);
        cluster.create_database("tenant_a");
        let server = cluster.node(0);
        server.admin_execute("CREATE ROLE writer LOGIN").unwrap();
        server.admin_execute("GRANT app TO writer").unwrap();
        let writer = PoolOptions::new().url(server.url_for("writer", "app"));
        let primary = cluster.primary().pool(PoolKind::Write, writer);
        let router = wait!(builder().primary(primary).build()).unwrap();
        let tenant = router.for_database("tenant_a").unwrap();
        let mut conn = wait!(tenant.write()).unwrap();
        assert_eq!(place(&mut conn).await, "writer in tenant_a");
    });
}

#[test]
fn a_string_that_can_be_cut_in_two_ways_leads_to_no_other_database() {
    run(async {
        let cluster = Cluster::start(0);
        let url = "postgres://app:a/b@127.0.0.1:1/app";
        let router = wait!(builder().primary(cluster.primary()).build()).unwrap();
        // The one that is down stays.
        wait!(router.nodes().add(Node::new("odd", url))).unwrap();
        let error = router.for_database("tenant_a").unwrap_err();
        assert!(
            matches!(&error, Error::Config(ConfigError::DatabaseInUrl { node, database })
                if node == "odd" && database == "tenant_a"),
            "{error:?}"
        );
    });
}

#[test]
fn names_that_postgres_would_cut_off_are_refused() {
    run(async {
        let cluster = Cluster::start(0);
        let router = wait!(builder().primary(cluster.primary()).build()).unwrap();
        let name = "t".repeat(63);
        cluster.create_database(&name);
        let longest = router.for_database(&name).unwrap();
        let mut conn = wait!(longest.write()).unwrap();
        assert_eq!(place(&mut conn).await, format!("app in {name}"));
        let error = router.for_database(format!("{name}_2")).unwrap_err();
        assert!(error.to_string().contains("63 bytes"), "{error}");
    });
}

#[test]
fn a_single_database_has_others_beside_it() {
    run(async {
        let cluster = Cluster::start(0);
        cluster.create_database("tenant_a");
        let router = wait!(builder().single_database(cluster.primary()).build()).unwrap();
        let tenant = router.for_database("tenant_a").unwrap();
        seed(&tenant, "tenant_a").await;
        assert_eq!(on_a_replica(&tenant).await, "tenant_a");
    });
}
