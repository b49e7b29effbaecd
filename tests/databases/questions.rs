//! The questions that servers are asked by a process with many tenants, while nobody reads or writes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel_routing::prelude::*;
use diesel_routing::{Node, pg, sync};
use diesel_routing_testkit::{PgCluster, Proxy};

use crate::flavour::run;

/// The most questions a second that an idle server may be asked by one router, for however many databases: it asks one.
const OF_ONE: f64 = 3.0;

/// The same by many routers. Now and then two ask at the same time, or one opens a connection to ask, which takes a few.
const OF_MANY: f64 = 6.0;

/// The time for which they are counted.
const TIME: Duration = Duration::from_secs(10);

/// Three servers that take some hundred connections.
struct Servers {
    cluster: PgCluster,
    proxies: Vec<Arc<Proxy>>,
}

impl Servers {
    fn start() -> Self {
        let cluster = PgCluster::builder()
            .standbys(2)
            .setting("max_connections", "600")
            .start()
            .unwrap();
        let proxies = cluster.nodes().iter().map(|node| node.proxy().unwrap());
        let proxies = proxies.collect();
        Self { cluster, proxies }
    }

    fn nodes(&self) -> Vec<Node> {
        let proxies = self.proxies.iter().enumerate();
        proxies
            .map(|(index, proxy)| Node::new(format!("node-{index}"), proxy.url()))
            .collect()
    }

    /// Prints and checks the questions a second to each server, from when the routers count as idle.
    fn check(&self, of: &str, limit: f64) {
        // The pace of questions falls until ten seconds after the last checkout.
        std::thread::sleep(Duration::from_secs(12));
        let (before, since) = (self.asked(), Instant::now());
        std::thread::sleep(TIME);
        let (after, seconds) = (self.asked(), since.elapsed().as_secs_f64());
        let rates: Vec<_> = std::iter::zip(after, before)
            .map(|(after, before)| (after - before) as f64 / seconds)
            .collect();
        eprintln!(
            "{of}: {rates:.1?} questions a second, {:?} connections",
            self.connections()
        );
        assert!(rates.iter().all(|rate| *rate <= limit), "{of}: {rates:?}");
        // They are watched all the same.
        assert!(rates.iter().all(|rate| *rate > 0.2), "{of}: {rates:?}");
    }

    fn asked(&self) -> Vec<u64> {
        let proxies = self.proxies.iter();
        proxies.map(|proxy| proxy.round_trips()).collect()
    }

    fn connections(&self) -> Vec<usize> {
        let proxies = self.proxies.iter();
        proxies.map(|proxy| proxy.connections().len()).collect()
    }
}

const TENANTS: usize = 500;

/// The resident memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let words = line.unwrap().split_whitespace().next();
    words.unwrap().parse().unwrap()
}

/// Prints what each tenant has cost in memory since then.
fn print_memory(what: &str, before: u64) -> u64 {
    let now = resident();
    let each = now.saturating_sub(before) as f64 / TENANTS as f64;
    eprintln!("{what}: {each:.1} KiB a tenant");
    now
}

#[test]
fn hundreds_of_databases_ask_no_more_than_one() {
    run(async {
        let servers = Servers::start();
        let nodes = servers.nodes();
        let builder = nodes
            .into_iter()
            .fold(pg::Router::builder(), |builder, node| {
                builder.node(node.read_pool_size(4))
            });
        let router = builder.build().await.unwrap();
        let memory = resident();
        let names = (0..TENANTS).map(|tenant| format!("tenant_{tenant}"));
        let tenants: Vec<_> = names
            .map(|name| router.for_database(name).unwrap())
            .collect();
        let memory = print_memory("routers for 500 databases", memory);
        servers.check("500 databases that nobody has used", OF_ONE);
        assert!(servers.connections().iter().all(|open| *open <= 1));

        // Few of them exist: a checkout makes pools all the same, on each node that it tries.
        let admin = servers.cluster.primary();
        for tenant in 0..10 {
            let sql = format!("CREATE DATABASE tenant_{tenant} OWNER app");
            admin.admin_execute(&sql).unwrap();
        }
        servers
            .cluster
            .wait_until_caught_up(Duration::from_secs(20))
            .unwrap();
        let mut served = 0;
        for tenant in &tenants {
            let session = tenant.session();
            let (eventual, read) = (session.read_eventual().await, session.read_primary().await);
            for conn in eventual.ok().iter_mut() {
                let one = diesel::select(1.into_sql::<diesel::sql_types::Integer>());
                let one: i32 = one.get_result(conn).await.unwrap();
                assert_eq!(one, 1);
            }
            served += u32::from(read.is_ok());
        }
        assert_eq!(served, 10);
        print_memory("with their pools", memory);
        servers.check("500 databases that were used", OF_ONE);
        let open: usize = servers.connections().iter().sum();
        assert!(open <= 3 + 10 * 3, "{open} connections");
    });
}

#[test]
fn hundreds_of_databases_ask_no_more_than_one_in_blocking_code() {
    let servers = Servers::start();
    let nodes = servers.nodes();
    let builder = nodes
        .into_iter()
        .fold(sync::pg::Router::builder(), |builder, node| {
            builder.node(node)
        });
    let router = builder.build().unwrap();
    let threads = threads();
    let memory = resident();
    let names = (0..TENANTS).map(|tenant| format!("tenant_{tenant}"));
    let tenants: Vec<_> = names
        .map(|name| router.for_database(name).unwrap())
        .collect();
    std::thread::scope(|scope| {
        for some in tenants.chunks(TENANTS / 20) {
            scope.spawn(move || {
                for tenant in some {
                    // Its database does not exist: a checkout makes pools all the same.
                    let _ = tenant.read().map(drop).unwrap_err();
                }
            });
        }
    });
    print_memory("routers for 500 databases, blocking", memory);
    assert_eq!(self::threads(), threads, "they are the router's");
    servers.check("500 databases, blocking", OF_ONE);
}

/// The number of threads that routers have started.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| {
        let comm = task.ok()?.path().join("comm");
        std::fs::read_to_string(comm).ok()
    });
    names
        .filter(|name| name.starts_with("diesel-routing"))
        .count()
}

#[test]
fn separate_routers_of_one_process_ask_together() {
    run(async {
        let servers = Servers::start();
        let mut routers = Vec::new();
        for _ in 0..50 {
            let nodes = servers.nodes();
            let builder = nodes
                .into_iter()
                .fold(pg::Router::builder(), |builder, node| builder.node(node));
            routers.push(builder.build().await.unwrap());
        }
        servers.check("50 routers", OF_MANY);
        drop(routers);
    });
}
