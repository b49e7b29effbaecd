//! Names that follow roles: `rw` leads to the primary, `ro` to a standby if there is one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel_routing::{Error, Health};
use diesel_routing_testkit::Address;
use futures_util::future::join_all;

use super::world::{theme, try_set_theme};
use super::*;

const WRITERS: usize = 8;

struct Names {
    cluster: Cluster,
    rw: Address,
    ro: Address,
}

impl Names {
    fn new() -> Self {
        let cluster = cluster(1);
        Self {
            rw: cluster.address([cluster.primary()]).expect("an address"),
            ro: cluster.address([cluster.standby(0)]).expect("an address"),
            cluster,
        }
    }

    async fn router(&self, builder: Builder) -> Router {
        let node = |name, address: &Address| {
            diesel_routing::Node::new(name, address.url())
                .read_pool_size(4)
                .write_pool_size(4)
        };
        let builder = builder
            .window(HOUR)
            .primary(node("rw", &self.rw))
            .replica(node("ro", &self.ro));
        builder.build().await.expect("a router")
    }
}

fn pools() -> [(&'static str, Builder); 2] {
    [
        ("bb8", Router::builder()),
        ("deadpool", Router::deadpool_builder()),
    ]
}

/// Writes by several writers at once, each so often.
async fn write(router: &Router, times: usize, round: &str) -> Vec<Error> {
    let writer = async |writer: usize| {
        let session = router.session();
        let mut errors = Vec::new();
        for time in 0..times {
            let theme = format!("{round}-{writer}-{time}");
            if let Err(error) = try_set_theme(&session, &theme).await {
                errors.push(error);
            }
        }
        errors
    };
    let errors = join_all((0..WRITERS).map(writer)).await;
    errors.into_iter().flatten().collect()
}

/// Writes until nothing fails, and until a connection that has ended unseen was idle for so long that it is asked.
async fn until_writes_succeed(router: &Router, since: Instant) {
    tokio::time::sleep(Duration::from_millis(600)).await;
    while !write(router, 5, "until").await.is_empty() {
        in_time(since, "writes without an error");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Panics if a node stays excluded, as one does of two that take writes. GTIDs do not tell who is older: until the old
/// primary is known to be gone, there are two.
async fn nobody_stays_excluded(router: &Router, pool: &str) {
    let since = Instant::now();
    loop {
        let nodes = router.status().nodes;
        let excluded = nodes.iter().find(|node| node.health == Health::Excluded);
        let Some(excluded) = excluded else { return };
        assert!(
            since.elapsed() < Duration::from_secs(5),
            "{pool}: {excluded:?}"
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failover_all_writes_succeed_again_and_reads_leave_the_primary_again() {
    for (pool, builder) in pools() {
        let names = Names::new();
        let Names { cluster, rw, ro } = &names;
        let router = Arc::new(names.router(builder).await);
        assert!(write(&router, 5, "before").await.is_empty());
        cluster.wait_until_caught_up(LIMIT).expect("caught up");
        let watching = tokio::spawn({
            let router = Arc::clone(&router);
            async move {
                loop {
                    nobody_stays_excluded(&router, pool).await;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        });

        // `ro` goes on leading to the server that was promoted: there is no other.
        cluster.primary().kill().expect("killed");
        cluster.standby(0).promote().expect("promoted");
        rw.lead_to([cluster.standby(0)]).expect("moved");
        let since = Instant::now();
        until_writes_succeed(&router, since).await;
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(3) {
            let errors = write(&router, 20, "after").await;
            assert!(errors.is_empty(), "{pool}: {errors:?}");
            let session = router.session();
            try_set_theme(&session, "mine").await.expect("a write");
            assert_eq!(theme(&session).await.0, "mine", "{pool}");
        }

        // Until the old primary follows it.
        cluster.rebuild(0).expect("rebuilt");
        cluster.wait_until_caught_up(LIMIT).expect("caught up");
        ro.lead_to([cluster.node(0)]).expect("moved");
        cluster.node(0).pause_replay().expect("paused");
        let session = router.session();
        let since = Instant::now();
        let is_old = async || {
            let mut conn = router.read_eventual().await.expect("a connection");
            let theme = settings::table.find(1).select(settings::theme);
            let theme: String = theme.first(&mut conn).await.expect("a row");
            theme != "new"
        };
        loop {
            try_set_theme(&session, "new").await.expect("a write");
            assert_eq!(theme(&session).await.0, "new", "{pool}");
            if is_old().await {
                break;
            }
            in_time(since, "a read from the standby");
        }
        let errors = write(&router, 20, "at last").await;
        assert!(errors.is_empty(), "{pool}: {errors:?}");
        assert!(!watching.is_finished());
        watching.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_names_of_one_server_are_no_split_brain() {
    let names = Names::new();
    let Names { cluster, rw, ro } = &names;
    let router = names.router(Router::builder()).await;
    // The standby is gone, and its name is given to the primary; then the primary's name moves, to the same server.
    ro.lead_to([cluster.primary()]).expect("moved");
    for moves in [ro, rw] {
        moves.proxy().disconnect();
        let since = Instant::now();
        until_writes_succeed(&router, since).await;
        while since.elapsed() < Duration::from_secs(2) {
            nobody_stays_excluded(&router, "bb8").await;
            let errors = write(&router, 5, "one").await;
            assert!(errors.is_empty(), "{errors:?}");
            let session = router.session();
            try_set_theme(&session, "mine").await.expect("a write");
            assert_eq!(theme(&session).await.0, "mine");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_write_lands_on_an_old_primary_once_a_newer_one_is_known() {
    for (pool, builder) in pools() {
        let names = Names::new();
        let Names { cluster, rw, .. } = &names;
        let router = names.router(builder).await;
        assert!(write(&router, 5, "before").await.is_empty());
        cluster.wait_until_caught_up(LIMIT).expect("caught up");
        let old = cluster.primary();
        let promoted = cluster.split_brain(1).expect("split brain");
        // GTIDs tell the newer history by what was written on it.
        promoted
            .execute("INSERT INTO settings VALUES (2, 'new')")
            .expect("a write");
        let since = Instant::now();
        while !router.status().nodes[1].is_primary {
            in_time(since, "the news of the promotion");
            tokio::task::yield_now().await;
        }
        let lost = || old.query_value("SELECT theme FROM settings WHERE id = 1");
        let before = lost().expect("an answer");
        let write_on_the_newer = async || {
            let errors = write(&router, 5, "after").await;
            assert!(errors.is_empty(), "{pool}: {errors:?}");
            assert_eq!(lost().expect("an answer"), before, "{pool}");
        };
        // The name of the primary leads to the old one; then to both.
        let since = Instant::now();
        while since.elapsed() < Duration::from_millis(1500) {
            write_on_the_newer().await;
        }
        rw.lead_to([old, promoted]).expect("moved");
        let since = Instant::now();
        // Of two names of one server, the first counts.
        while !router.status().nodes[0].is_primary {
            write_on_the_newer().await;
            in_time(
                since,
                "the news that the first name leads to the newer primary",
            );
        }
        let since = Instant::now();
        while since.elapsed() < Duration::from_millis(500) {
            write_on_the_newer().await;
        }
        // Back to the old one alone: some may fail, until the other name is the primary's again.
        rw.lead_to([old]).expect("moved");
        rw.proxy().disconnect();
        let since = Instant::now();
        while !write(&router, 5, "back").await.is_empty() {
            assert_eq!(lost().expect("an answer"), before, "{pool}");
            in_time(since, "writes by the other name");
        }
        assert_eq!(lost().expect("an answer"), before, "{pool}");
    }
}
