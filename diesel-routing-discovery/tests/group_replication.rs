//! The members that a real group of MySQL's group replication knows; with MySQL alone: `cargo xtask test --mysql`.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use diesel_routing::mysql::{Router, Session};
use diesel_routing::prelude::*;
use diesel_routing::{Error, Node, RouterBuilder};
use diesel_routing_discovery::{Discovery, GroupReplication};
use diesel_routing_testkit::{MariaCluster, MariaNode};

/// Much more than anything takes.
const LIMIT: Duration = Duration::from_secs(60);

/// Three servers that are a group with one primary.
fn group() -> MariaCluster {
    let builder = MariaCluster::builder().replicas(2);
    let builder = builder.setting("performance_schema", "ON");
    let cluster = builder.setting("report_host", "127.0.0.1").start().unwrap();
    for grant in [
        "GRANT CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM, REPLICATION SLAVE ON *.* TO feed",
        "GRANT SELECT ON performance_schema.replication_group_members TO app",
    ] {
        cluster.primary().admin_execute(grant).unwrap();
    }
    cluster.wait_until_caught_up(LIMIT).unwrap();
    let seeds: Vec<_> = cluster.nodes().iter().map(address).collect();
    let seeds = seeds.join(",");
    for (index, node) in cluster.nodes().iter().enumerate() {
        let mut steps = Vec::new();
        if index > 0 {
            let stop = [
                "STOP REPLICA",
                "RESET REPLICA ALL",
                "SET GLOBAL super_read_only = OFF",
            ];
            steps.extend(stop.map(str::to_owned));
            steps.push("SET GLOBAL read_only = OFF".to_owned());
        }
        let set =
            |name: &str, value: &str| format!("SET GLOBAL group_replication_{name} = {value}");
        let quoted = |text: &str| format!("'{text}'");
        steps.extend([
            "INSTALL PLUGIN group_replication SONAME 'group_replication.so'".to_owned(),
            set("group_name", "'5d6b3d1c-28b7-4a5e-9a87-0a3a4c7b1f10'"),
            set("communication_stack", "'MYSQL'"),
            set("local_address", &quoted(&address(node))),
            set("group_seeds", &quoted(&seeds)),
            set("recovery_get_public_key", "ON"),
            // One that is gone is given up sooner than after ten seconds.
            set("member_expel_timeout", "0"),
        ]);
        let is_first = index == 0;
        steps.extend(is_first.then(|| set("bootstrap_group", "ON")));
        steps.push("START GROUP_REPLICATION USER = 'feed'".to_owned());
        steps.extend(is_first.then(|| set("bootstrap_group", "OFF")));
        for step in steps {
            node.admin_execute(&step)
                .unwrap_or_else(|error| panic!("{step}: {error:?}\n{}", node.log_tail()));
        }
        until(|| online(&cluster) == index + 1);
    }
    cluster
}

/// The address at which a server is reached by clients and members.
fn address(node: &MariaNode) -> String {
    let url = node.url();
    let (_, rest) = url.split_once('@').unwrap();
    rest.split_once('/').unwrap().0.to_owned()
}

fn online(cluster: &MariaCluster) -> usize {
    let count = "SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE member_state = 'ONLINE'";
    let count = cluster.primary().admin_value(count).unwrap();
    count.unwrap().parse().unwrap()
}

fn until(is_so: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < LIMIT);
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn discovery(nodes: &[&MariaNode]) -> Discovery<GroupReplication> {
    let urls = nodes.iter().map(|node| node.url());
    Discovery::of(GroupReplication::at(urls, |member| {
        Node::new(format!("{}:{}", member.host, member.port), "url")
    }))
}

async fn names(discovery: &mut Discovery<GroupReplication>) -> Vec<String> {
    let nodes = discovery.ask().await.unwrap();
    let mut names: Vec<_> = nodes.iter().map(|node| node.name().to_owned()).collect();
    names.sort_unstable();
    names
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --mysql"]
async fn members_are_those_of_the_group_while_it_has_its_majority() {
    let cluster = group();
    let nodes: Vec<_> = cluster.nodes().iter().collect();
    let mut all: Vec<_> = nodes.iter().map(|node| address(node)).collect();
    all.sort_unstable();
    let mut of_all = discovery(&nodes);
    assert_eq!(names(&mut of_all).await, all);

    // One that leaves in order is no member any more.
    nodes[2].admin_execute("STOP GROUP_REPLICATION").unwrap();
    until(|| online(&cluster) == 2);
    all.retain(|name| *name != address(nodes[2]));
    assert_eq!(names(&mut of_all).await, all);
    let error = discovery(&nodes[2..]).ask().await.unwrap_err().to_string();
    assert!(
        error.contains("lost its majority, or the server is in none"),
        "{error}"
    );
}

mod schema {
    diesel::table! {
        settings (id) {
            id -> Integer,
            theme -> Text,
        }
    }
}

async fn set_theme(session: &Session, theme: &str) -> Result<(), Error> {
    use schema::settings;

    let mut conn = session.write().await?;
    let row = diesel::update(settings::table.find(1));
    row.set(settings::theme.eq(theme))
        .execute(&mut conn)
        .await?;
    Ok(())
}

/// Returns the theme, and whether it was read from the primary.
async fn theme(session: &Session) -> Result<(String, bool), Error> {
    use schema::settings;

    let mut conn = session.read().await?;
    let theme = settings::table.find(1).select(settings::theme);
    let theme = theme.first(&mut conn).await?;
    Ok((theme, conn.route().is_primary))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MySQL: cargo xtask test --mysql"]
async fn sessions_read_their_writes_in_a_group_also_after_it_has_elected_another_primary() {
    let cluster = group();
    let first = cluster.primary();
    first
        .execute("CREATE TABLE settings (id INTEGER PRIMARY KEY, theme VARCHAR(100) NOT NULL)")
        .unwrap();
    first
        .execute("INSERT INTO settings VALUES (1, 'light')")
        .unwrap();
    let nodes = cluster.nodes().iter().enumerate();
    let nodes = nodes.map(|(index, node)| Node::new(format!("node-{index}"), node.url()));
    let builder = Router::builder().window(LIMIT).wait(Duration::from_secs(2));
    let router = nodes
        .fold(builder, RouterBuilder::node)
        .build()
        .await
        .unwrap();
    let session = router.session();
    for count in 0..20 {
        let written = count.to_string();
        set_theme(&session, &written).await.unwrap();
        assert_eq!(theme(&session).await.unwrap().0, written);
    }
    let since = Instant::now();
    while theme(&session).await.unwrap().1 {
        assert!(since.elapsed() < LIMIT, "no read from a secondary");
    }

    first.kill().unwrap();
    let since = Instant::now();
    while let Err(error) = set_theme(&session, "after the failover").await {
        assert!(since.elapsed() < LIMIT, "{error}");
    }
    assert_eq!(theme(&session).await.unwrap().0, "after the failover");
    let primary = router
        .status()
        .nodes
        .into_iter()
        .find(|node| node.is_primary);
    assert_ne!(primary.unwrap().name, "node-0");
    // Of the first session's write that was cut off, nobody knows the outcome: that keeps it on the primary for the window.
    let session = router.session();
    set_theme(&session, "of another session").await.unwrap();
    assert_eq!(theme(&session).await.unwrap().0, "of another session");
    let since = Instant::now();
    while theme(&session).await.unwrap().1 {
        assert!(since.elapsed() < LIMIT, "no read from a secondary");
    }
}
