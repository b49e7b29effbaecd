//! Routers for several databases of the same servers.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::sync::{Barrier, Mutex};
use std::time::Instant;

use diesel_routing::PoolOptions;

use super::tenants::*;
use super::world::{name, rename};
use super::*;

#[test]
fn rows_of_two_databases_are_told_apart_and_a_session_reads_its_write_on_a_replica() {
    run(async {
        let world = Tenants::start(1).await;
        let [a, b] = world.both();
        assert_eq!(on_a_replica(&a).await, "tenant_a");
        assert_eq!(on_a_replica(&b).await, "tenant_b");
        assert_eq!(on_a_replica(&world.router).await, "ann");

        world.cluster.pause(0);
        let session = a.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let mut conn = wait!(session.read()).unwrap();
        assert!(conn.route().is_primary, "{}", conn.route());
        assert_eq!(name(&mut conn).await, "anna");
        drop(conn);
        assert_eq!(on_a_replica(&a).await, "tenant_a", "another user's");
        world.cluster.resume(0);
        assert_eq!(caught_up(&session).await, "anna");
        assert_eq!(on_a_replica(&b).await, "tenant_b");
        assert_eq!(on_a_replica(&world.router).await, "ann");
    });
}

#[test]
fn a_token_of_one_databases_session_holds_in_another() {
    run(async {
        let world = Tenants::start(1).await;
        let [a, b] = world.both();
        assert_eq!(on_a_replica(&b).await, "tenant_b");
        world.cluster.pause(0);
        let session = a.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let token = wait!(session.token()).unwrap().to_string();
        let there = b.resume(&token);
        let here = session.for_database("tenant_b").unwrap();
        for session in [&there, &here] {
            assert_eq!(session.router().database(), Some("tenant_b"));
            let mut conn = wait!(session.read()).unwrap();
            assert!(conn.route().is_primary, "{}", conn.route());
            assert_eq!(name(&mut conn).await, "tenant_b");
        }
        let conn = wait!(b.session().read()).unwrap();
        assert!(!conn.route().is_primary, "{}", conn.route());
        world.cluster.resume(0);
        for session in [&there, &here] {
            assert_eq!(caught_up(session).await, "tenant_b");
        }
        assert_eq!(b.status().rejected_tokens, []);
        // What a session wrote in one database counts in all.
        world.cluster.pause(0);
        rename(&mut wait!(here.write()).unwrap(), "ben").await;
        assert!(wait!(session.read()).unwrap().route().is_primary);
        world.cluster.resume(0);
    });
}

#[test]
fn a_name_gives_the_same_pools_for_as_long_as_anyone_keeps_them() {
    run(async {
        let world = Tenants::start(0).await;
        until_connections(&world.cluster, "tenant_a", 0);
        let one = world.router.for_database("tenant_a").unwrap();
        assert_eq!(open(&one), 0);
        let status = one.status();
        let kinds = status.nodes[0].pools.iter();
        let kinds: Vec<_> = kinds.map(|pool| (pool.pool, pool.max_size)).collect();
        let sizes = [(PoolKind::Read, 5), (PoolKind::Write, 5)];
        assert_eq!(kinds, [&sizes[..], &[(PoolKind::Fallback, 5)]].concat());
        let held = wait!(one.read()).unwrap();
        // Asked of the first, or of one for another database.
        let [same, other] = world.both();
        let again = other.for_database("tenant_a").unwrap();
        for router in [&one, &same, &again] {
            assert_eq!(open(router), 1);
        }
        assert_eq!((open(&other), open(&world.router)), (0, 0));
        assert_eq!(world.cluster.connections_to("tenant_a"), 1);
        drop(held);
        drop(wait!(same.read()).unwrap());
        assert_eq!(open(&one), 1);
        // Those of one are its pools' alone.
        drop((same, again));
        assert_eq!(open(&one), 1);
        let session = one.session();
        drop(one);
        drop(wait!(session.read()).unwrap());
        assert_eq!(world.cluster.connections_to("tenant_a"), 1);
        drop(session);
        until_connections(&world.cluster, "tenant_a", 0);
    });
}

#[test]
fn the_database_that_a_router_was_built_for_is_its_own() {
    run(async {
        let world = Tenants::start(1).await;
        let [a, _] = world.both();
        let app = a.for_database("app").unwrap();
        assert_eq!((app.database(), a.database()), (None, Some("tenant_a")));
        let held = wait!(app.read()).unwrap();
        assert_eq!((open(&app), open(&world.router)), (1, 1));
        // Once it is gone, there is another of its name.
        let Tenants { router, cluster } = world;
        drop((app, router, held));
        let app = a.for_database("app").unwrap();
        assert_eq!(app.database(), Some("app"));
        assert_eq!(on_a_replica(&app).await, "ann");
        drop(cluster);
    });
}

#[test]
fn a_database_that_does_not_exist_is_the_servers_error_and_names_node_and_database() {
    run(async {
        let world = Tenants::start(1).await;
        let router = world.router.for_database("nobody's").unwrap();
        for error in [
            wait!(router.read_eventual()).map(drop).unwrap_err(),
            wait!(router.write()).map(drop).unwrap_err(),
        ] {
            let words = error.to_string();
            let Error::Checkout {
                node,
                database,
                step,
                ..
            } = &error
            else {
                panic!("{error:?}")
            };
            assert_eq!(database.as_deref(), Some("nobody's"));
            assert_eq!((node.as_str(), *step), ("primary", Step::Connect));
            assert!(
                words.contains("`primary`") && words.contains("database `nobody's`"),
                "{words}"
            );
            assert!(words.contains("create the database"), "{words}");
            let source = error.source().unwrap().to_string();
            assert!(source.contains("nobody's"), "{source}");
        }
        // Others have nothing to do with that.
        let [a, _] = world.both();
        assert_eq!(on_a_replica(&a).await, "tenant_a");
    });
}

#[test]
fn a_database_that_a_replica_does_not_have_yet_is_read_on_the_primary() {
    run(async {
        let world = Tenants::start(1).await;
        world.cluster.pause(0);
        world.cluster.create_database("tenant_c");
        let router = world.router.for_database("tenant_c").unwrap();
        seed(&router, "tenant_c").await;
        let mut conn = wait!(router.read_eventual()).unwrap();
        assert!(conn.route().is_primary, "{}", conn.route());
        assert_eq!(name(&mut conn).await, "tenant_c");
        drop(conn);
        world.cluster.resume(0);
        world.cluster.catch_up();
        assert_eq!(on_a_replica(&router).await, "tenant_c");
    });
}

#[test]
fn no_database_has_a_name_that_is_empty_or_has_nul() {
    run(async {
        let world = Tenants::start(0).await;
        for invalid in ["", "a\0b", "\0"] {
            match world.router.for_database(invalid).unwrap_err() {
                Error::Config(ConfigError::DatabaseName { database, .. }) => {
                    assert_eq!(database, invalid);
                }
                error => panic!("{error:?}"),
            }
        }
        let words = world.router.for_database("a\0b").unwrap_err().to_string();
        assert!(!words.contains('\0'), "{words:?}");
    });
}

/// Whatever a tenant calls itself, it gets its own database, or none.
#[test]
fn a_name_of_any_characters_leads_to_no_other_database() {
    run(async {
        let world = Tenants::start(0).await;
        for name in [
            "app?dbname=app",
            "../app",
            "tenant_a/../app",
            "tenant%5Fa",
            "' dbname='app",
            "tenant_a'",
            "tenant_a ",
            "app#",
        ] {
            match world.router.for_database(name) {
                Ok(router) => {
                    let error = wait!(router.read()).map(drop).unwrap_err();
                    assert!(matches!(error, Error::Checkout { .. }), "{name}: {error:?}");
                }
                // Diesel's blocking MySQL connection decodes none.
                Err(Error::Config(ConfigError::DatabaseName { .. })) => {}
                Err(error) => panic!("{name}: {error:?}"),
            }
        }
    });
}

#[test]
fn many_who_ask_for_a_database_at_the_same_time_get_the_same_pools() {
    const CALLERS: usize = 4;
    run(async {
        let world = Tenants::start(1).await;
        let runtime = tokio::runtime::Handle::current();
        for _ in 0..3 {
            let barrier = Barrier::new(CALLERS + 1);
            std::thread::scope(|scope| {
                for _ in 0..CALLERS {
                    scope.spawn(|| {
                        barrier.wait();
                        let router = world.router.for_database("tenant_b").unwrap();
                        barrier.wait();
                        let mut conn =
                            runtime.block_on(async { wait!(router.read_eventual()).unwrap() });
                        assert_eq!(runtime.block_on(name(&mut conn)), "tenant_b");
                        barrier.wait();
                        barrier.wait();
                    });
                }
                barrier.wait();
                barrier.wait();
                barrier.wait();
                // Whatever is open, is so in the pools that the name gives.
                let router = world.router.for_database("tenant_b").unwrap();
                let until = Instant::now() + Duration::from_secs(10);
                let counts = loop {
                    let (there, here) = (world.cluster.connections_to("tenant_b"), open(&router));
                    if there == here && here >= CALLERS as u32 || Instant::now() > until {
                        break (there, here);
                    }
                };
                // The others wait for that.
                barrier.wait();
                assert_eq!(counts.0, counts.1);
            });
            until_connections(&world.cluster, "tenant_b", 0);
        }
    });
}

#[test]
fn a_database_that_was_asked_for_by_its_name_keeps_no_idle_connections() {
    run(async {
        let cluster = Cluster::start(0);
        cluster.create_database("tenant_a");
        let idle = PoolOptions::new().min_idle(3).size(4);
        let primary = cluster.primary().pools(&idle);
        let router = wait!(builder().primary(primary).build()).unwrap();
        let tenant = router.for_database("tenant_a").unwrap();
        drop(wait!(tenant.read()).unwrap());
        // Longer than a pool takes that keeps some.
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(open(&tenant), 1);
        assert_eq!(cluster.connections_to("tenant_a"), 1);
    });
}

/// Its connection would have been taken for one that has what the session wrote, in the wrong database.
#[test]
fn a_handle_of_another_database_is_not_upgraded_but_replaced() {
    run(async {
        let world = Tenants::start(1).await;
        let [a, b] = world.both();
        let since = Instant::now();
        let conn = loop {
            let conn = wait!(b.read_eventual()).unwrap();
            if !conn.route().is_primary {
                break conn;
            }
            in_time(since, &b.status());
        };
        let mut conn = wait!(conn.upgrade(&a.session())).unwrap();
        assert_eq!(name(&mut conn).await, "tenant_a");
    });
}

#[test]
fn hooks_are_told_the_database() {
    run(async {
        static TOLD: Mutex<BTreeSet<(Option<String>, String)>> = Mutex::new(BTreeSet::new());
        let world = Tenants::with(0, |builder| {
            builder.on_connect(hook!(|_conn, request| {
                let database = request.database().map(str::to_owned);
                let path = request.url().rsplit('/').next().unwrap_or_default();
                let path = path.split('?').next().unwrap_or_default().to_owned();
                TOLD.lock().unwrap().insert((database, path));
                Ok(())
            }))
        })
        .await;
        let none = (None, "app".to_owned());
        let some = |name: &str| (Some(name.to_owned()), name.to_owned());
        let expected = BTreeSet::from([none, some("tenant_a"), some("tenant_b")]);
        assert_eq!(*TOLD.lock().unwrap(), expected);
        drop(world);
    });
}
