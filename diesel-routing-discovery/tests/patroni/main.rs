//! A real Patroni cluster: its members through a switchover, a crash, a pause and a new start from nothing.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

mod cluster;

use std::time::{Duration, Instant};

use diesel_routing::Node;
use diesel_routing::pg::Router;
use diesel_routing::prelude::*;
use diesel_routing_discovery::{Discovery, Patroni, PatroniMember};
use serde_json::{Value, json};

use self::cluster::{Cluster, LIMIT, MEMBERS};

fn discovery(cluster: &Cluster) -> Discovery<Patroni> {
    let seeds = (0..MEMBERS).map(|index| cluster.api(index));
    Discovery::of(Patroni::at(seeds, |member| {
        Node::new(&*member.name, Cluster::url(member.port))
    }))
}

/// Asks until the answer has what is waited for.
async fn asked_until<T>(
    cluster: &Cluster,
    what: impl Fn() -> String,
    mut is_there: impl AsyncFnMut() -> Option<T>,
) -> T {
    let since = Instant::now();
    loop {
        if let Some(value) = is_there().await {
            return value;
        }
        assert!(
            since.elapsed() < LIMIT,
            "in vain for {}: {cluster:?}",
            what()
        );
        tokio::task::yield_now().await;
    }
}

/// Returns the members as the API of any has them.
async fn members(cluster: &Cluster) -> Vec<PatroniMember> {
    for index in 0..MEMBERS {
        let address = format!("{}/cluster", cluster.api(index));
        let Ok(answer) = reqwest::get(address).await else {
            continue;
        };
        let mut answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        return serde_json::from_value(answer["members"].take()).unwrap();
    }
    Vec::new()
}

/// Returns when a member's server was started, as its API has it; null while there is none.
async fn started_at(cluster: &Cluster, index: usize) -> Value {
    let address = format!("{}/patroni", cluster.api(index));
    let Ok(answer) = reqwest::get(address).await else {
        return Value::Null;
    };
    let mut answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    answer["postmaster_start_time"].take()
}

/// Returns the name of the leader, once it is another than `not` and all members of this number follow it.
async fn leader_of(cluster: &Cluster, count: usize, not: &str) -> String {
    asked_until(
        cluster,
        || "a leader whom all follow".to_owned(),
        async || {
            let members = members(cluster).await;
            let leader = members.iter().find(|member| member.role == "leader")?;
            let follows =
                |member: &&PatroniMember| is_running(member) && member.timeline == leader.timeline;
            let follow = members.iter().filter(follows).count();
            (leader.name != not && follow == count).then(|| leader.name.clone())
        },
    )
    .await
}

fn is_running(member: &PatroniMember) -> bool {
    ["running", "streaming"].contains(&&*member.state)
}

async fn post(cluster: &Cluster, index: usize, method: reqwest::Method, path: &str, body: &Value) {
    let request = reqwest::Client::new()
        .request(method, format!("{}{path}", cluster.api(index)))
        .body(body.to_string());
    let answer = request.send().await.unwrap();
    let status = answer.status();
    assert!(
        status.is_success(),
        "{path}: {status} {}",
        answer.text().await.unwrap()
    );
}

fn index_of(name: &str) -> usize {
    name.trim_start_matches("node").parse().unwrap()
}

async fn names(discovery: &mut Discovery<Patroni>) -> Vec<String> {
    let nodes = discovery.ask().await.unwrap();
    let mut names: Vec<_> = nodes.iter().map(|node| node.name().to_owned()).collect();
    names.sort_unstable();
    names
}

/// Writes until a write goes to this member, and reads until a read comes from each of the others.
async fn routed(cluster: &Cluster, router: &Router, leader: &str, replicas: &[&str]) {
    asked_until(
        cluster,
        || format!("a write on {leader}: {:#?}", router.status()),
        async || {
            let conn = router.write().await.ok()?;
            (conn.route().node == leader).then_some(())
        },
    )
    .await;
    let mut missing = replicas.to_vec();
    asked_until(
        cluster,
        || format!("reads from {replicas:?}: {:#?}", router.status()),
        async || {
            let mut conn = router.read_eventual().await.ok()?;
            let one = diesel::select(1.into_sql::<diesel::sql_types::Integer>());
            let one: QueryResult<i32> = one.get_result(&mut conn).await;
            if one == Ok(1) {
                missing.retain(|name| *name != conn.route().node);
            }
            missing.is_empty().then_some(())
        },
    )
    .await;
}

/// The router starts with the address of one member, whatever that is, and finds the rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_router_follows_the_cluster_through_a_crash_of_its_leader() {
    let mut cluster = Cluster::start();
    let first = leader_of(&cluster, MEMBERS, "").await;
    let mut discovery = discovery(&cluster);
    let nodes = discovery.ask().await.unwrap();
    let known = nodes.into_iter().find(|node| node.name() != first).unwrap();
    let router = Router::builder().node(known).build().await.unwrap();
    let quick = Duration::from_millis(200);
    let sets = discovery.no_more_often_than(quick).at_least_every(quick);
    let following = tokio::spawn(router.nodes().follow(sets.into_stream()));
    let others = |name: &str| {
        let all = ["node0", "node1", "node2"];
        all.into_iter()
            .filter(|other| *other != name)
            .collect::<Vec<_>>()
    };
    routed(&cluster, &router, &first, &others(&first)).await;

    cluster.kill_member(index_of(&first));
    let second = leader_of(&cluster, MEMBERS - 1, &first).await;
    let left: Vec<_> = others(&first);
    let replica: Vec<_> = left
        .iter()
        .copied()
        .filter(|name| *name != second)
        .collect();
    routed(&cluster, &router, &second, &replica).await;
    asked_until(
        &cluster,
        || "the end of the member that crashed".to_owned(),
        async || (!router.nodes().names().contains(&first)).then_some(()),
    )
    .await;
    let state = router.status().discoveries.pop().unwrap();
    assert!(state.age.is_some_and(|age| age < LIMIT), "{state:?}");

    cluster.start_member(index_of(&first));
    leader_of(&cluster, MEMBERS, "").await;
    routed(&cluster, &router, &second, &others(&second)).await;
    following.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_members_are_found_whatever_becomes_of_their_roles() {
    const ALL: [&str; MEMBERS] = ["node0", "node1", "node2"];
    let mut cluster = Cluster::start();
    let mut discovery = discovery(&cluster);
    let first = leader_of(&cluster, MEMBERS, "").await;
    assert_eq!(names(&mut discovery).await, ALL);

    // A switchover.
    let second = ALL.into_iter().find(|name| *name != first).unwrap();
    let switchover = json!({"leader": first, "candidate": second});
    post(
        &cluster,
        index_of(&first),
        reqwest::Method::POST,
        "/switchover",
        &switchover,
    )
    .await;
    assert_eq!(leader_of(&cluster, MEMBERS, &first).await, second);
    assert_eq!(names(&mut discovery).await, ALL);

    // A paused cluster keeps its members.
    let pause = |on: bool| json!({"pause": on});
    let patch = reqwest::Method::PATCH;
    post(&cluster, 0, patch.clone(), "/config", &pause(true)).await;
    assert_eq!(names(&mut discovery).await, ALL);
    post(&cluster, 0, patch, "/config", &pause(false)).await;

    // A member that starts from nothing stays one.
    let replica = ALL.into_iter().find(|name| *name != second).unwrap();
    let before = started_at(&cluster, index_of(replica)).await;
    assert_ne!(before, Value::Null);
    let force = json!({"force": true});
    post(
        &cluster,
        index_of(replica),
        reqwest::Method::POST,
        "/reinitialize",
        &force,
    )
    .await;
    // That it is down for a moment may be too short to be seen.
    asked_until(
        &cluster,
        || "a member that starts from nothing".to_owned(),
        async || (started_at(&cluster, index_of(replica)).await != before).then_some(()),
    )
    .await;
    assert_eq!(names(&mut discovery).await, ALL);
    assert_eq!(leader_of(&cluster, MEMBERS, "").await, second);

    // A crash: the member goes once its key in etcd has ended, and the others elect one.
    cluster.kill_member(index_of(second));
    let third = leader_of(&cluster, MEMBERS - 1, second).await;
    let left: Vec<_> = ALL.into_iter().filter(|name| *name != second).collect();
    assert_eq!(names(&mut discovery).await, left);

    // And back.
    cluster.start_member(index_of(second));
    assert_eq!(leader_of(&cluster, MEMBERS, "").await, third);
    assert_eq!(names(&mut discovery).await, ALL);
}
