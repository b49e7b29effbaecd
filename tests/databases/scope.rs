//! Sessions in scope, and views of routers, with several databases.

use diesel_routing::pg::{Router, Session};
use diesel_routing::{ConfigError, Error};

use crate::cluster::Postgres;
use crate::flavour::run;
use crate::servers::Databases;

#[test]
fn a_session_in_scope_is_that_of_its_databases_router_alone() {
    run(async {
        let cluster = Postgres::start(1);
        for tenant in ["tenant_a", "tenant_b"] {
            cluster.create_database(tenant);
        }
        cluster.catch_up();
        let builder = Router::builder().primary(cluster.primary());
        let router = builder.replica(cluster.replica(0)).build().await.unwrap();
        let [a, b] = ["tenant_a", "tenant_b"].map(|name| router.for_database(name).unwrap());
        // Their connections are open: none takes longer than a node's share.
        for router in [&router, &a, &b] {
            while router.read_eventual().await.unwrap().route().is_primary {}
        }
        let session = a.session();
        let inside = session.scope(async {
            let current = Session::current().unwrap();
            assert_eq!(current.router().database(), Some("tenant_a"));
            let read = a.current().read().await.unwrap();
            assert!(!read.route().is_primary, "it has nothing to catch up with");
            for other in [&b, &router] {
                let read = other.current().read().await.unwrap();
                assert!(read.route().is_primary, "it is outside any session");
            }
        });
        inside.await;
    });
}

#[test]
fn a_view_of_a_router_stays_one_in_another_database() {
    run(async {
        let cluster = Postgres::start(0);
        let builder = Router::builder().primary(cluster.primary());
        let router = builder.build().await.unwrap();
        let view = router.on("reporting").for_database("tenant_a").unwrap();
        let error = view.read_eventual().await.unwrap_err();
        assert!(
            matches!(error, Error::Config(ConfigError::NoSuchTag { .. })),
            "{error:?}"
        );
    });
}
