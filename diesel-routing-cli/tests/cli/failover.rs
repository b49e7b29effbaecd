use crate::program::{Run, run};
use crate::{nodes, postgres};

fn status(cluster: &diesel_routing_testkit::PgCluster, options: &[&str]) -> Run {
    let options = options.iter().copied().map(str::to_owned);
    run(["status".to_owned()]
        .into_iter()
        .chain(nodes(cluster))
        .chain(options))
}

#[test]
fn between_two_primaries_it_says_that_no_node_takes_writes() {
    let cluster = postgres(2);
    cluster.primary().stop().unwrap();
    let during = status(&cluster, &[]);
    assert_eq!(during.code, Some(1), "{during:?}");
    assert!(
        during.out.contains("no node takes writes"),
        "{}",
        during.out
    );

    cluster.standby(0).promote().unwrap();
    let after = status(&cluster, &["--json"]);
    assert_eq!(after.code, Some(1), "{after:?}");
    let report = after.json();
    assert_eq!(report["nodes"][1]["role"], "primary", "{report}");
    assert_eq!(report["nodes"][0]["health"], "down", "{report}");
    assert!(report.get("lacks").is_none(), "{report}");
}

#[test]
fn a_second_primary_is_named_with_the_reason_why_it_serves_nothing() {
    let cluster = postgres(1);
    cluster.split_brain(1).unwrap();
    let run = status(&cluster, &["--json"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let report = run.json();
    let old = &report["nodes"][0];
    assert_eq!(old["health"], "excluded", "{report}");
    assert!(
        old["problem"].as_str().unwrap().contains("takes writes"),
        "{report}"
    );
    assert_eq!(report["nodes"][1]["role"], "primary", "{report}");
}

#[test]
fn nodes_of_two_clusters_are_refused_with_what_each_is() {
    let (one, other) = (postgres(0), postgres(0));
    let node = |name: &str, cluster: &diesel_routing_testkit::PgCluster| {
        format!("--node={name}={}", cluster.primary().url())
    };
    let run = run([
        "status".to_owned(),
        "--json".to_owned(),
        node("a", &one),
        node("b", &other),
    ]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let report = run.json();
    let problems = report.to_string();
    assert!(problems.contains("cluster"), "{report}");
}
