//! The checklist before replicas are turned on again: have they caught up, and do they have the same rows?

use std::time::{Duration, Instant};

use diesel_routing::{CompareLimits, Mode, TableName, TableOnReplica};

use super::world::{router, set_theme};
use super::*;

const MOMENT: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
async fn replicas_have_caught_up_once_each_has_all_and_replays() {
    let cluster = cluster(2);
    let router = router(&cluster).await;
    let session = router.session();
    // In every mode: it is asked before replicas are turned on.
    router.set_mode(Mode::PrimaryOnly);
    set_theme(&session, "dark").await;
    let report = router.verify_caught_up(LIMIT).await.expect("a report");
    assert!(report.is_caught_up(), "{report}");
    let names: Vec<_> = report
        .replicas
        .iter()
        .map(|replica| &replica.node)
        .collect();
    assert_eq!(names, ["standby-0", "standby-1"]);
    assert_eq!(report.primary, "primary");
    for replica in &report.replicas {
        let position = replica.position.as_ref().expect("a position");
        assert!(position.covers(&report.position), "{replica}");
    }

    // It lacks nothing, and nothing comes any more.
    cluster.standby(1).pause_replay().expect("paused");
    let report = router.verify_caught_up(MOMENT).await.expect("a report");
    let stopped = &report.replicas[1];
    assert!(stopped.has_all && stopped.problem.is_some(), "{report}");
    assert!(
        !report.is_caught_up() && report.replicas[0].is_caught_up(),
        "{report}"
    );

    set_theme(&session, "blue").await;
    let since = Instant::now();
    let report = router.verify_caught_up(MOMENT).await.expect("a report");
    assert!(since.elapsed() >= MOMENT, "it did not wait");
    assert!(
        !report.replicas[1].has_all && report.replicas[0].is_caught_up(),
        "{report}"
    );
    let words = report.to_string();
    assert!(words.contains("replica `standby-1` is behind"), "{words}");

    // It waits for one that catches up.
    let waits = tokio::spawn({
        let router = router.clone();
        async move { router.verify_caught_up(LIMIT).await }
    });
    tokio::time::sleep(MOMENT).await;
    assert!(!waits.is_finished());
    cluster.standby(1).resume_replay().expect("resumed");
    let report = waits.await.expect("no panic").expect("a report");
    assert!(report.is_caught_up(), "{report}");

    cluster.standby(0).kill().expect("killed");
    let report = router.verify_caught_up(MOMENT).await.expect("a report");
    let dead = &report.replicas[0];
    assert!(!dead.has_all && dead.problem.is_some(), "{report}");
    assert!(report.replicas[1].is_caught_up(), "{report}");
    cluster.primary().kill().expect("killed");
    assert!(router.verify_caught_up(MOMENT).await.is_err());
}

/// Compares tables within these limits.
async fn found(
    router: &Router,
    tables: &[TableName],
    limits: CompareLimits,
) -> Vec<diesel_routing::TableComparison> {
    router
        .compare(tables, limits)
        .await
        .expect("a comparison")
        .tables
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_whose_rows_differ_is_found() {
    let cluster = cluster(2);
    let odd = ODD_TABLE;
    for sql in odd.sql {
        cluster.primary().execute(sql).expect(sql);
    }
    let router = router(&cluster).await;
    let tables = ["settings".into(), TableName::new(odd.name)];
    let limits = CompareLimits::new().max_time(LIMIT);
    let equal = found(&router, &tables, limits).await;
    for table in &equal {
        assert!(table.is_equal() && !table.is_partial, "{table:#?}");
        assert_eq!(table.replicas.len(), 2);
    }
    assert_eq!((equal[0].rows, equal[1].rows), (1, 3));
    assert_eq!(equal[1].table, odd.name);

    damage(&cluster, 1);
    let report = router.verify_caught_up(LIMIT).await.expect("a report");
    assert!(
        report.is_caught_up(),
        "positions show nothing of it: {report}"
    );
    let damaged = found(&router, &tables, limits).await;
    let replicas = &damaged[0].replicas;
    assert_eq!(replicas[0], ("standby-0".to_owned(), TableOnReplica::Equal));
    let differs = TableOnReplica::Differs { rows: 1 };
    assert_eq!(replicas[1], ("standby-1".to_owned(), differs));
    assert!(damaged[1].is_equal(), "{damaged:#?}");

    // The first rows of the key alone: 1 and 2 of three.
    let few = found(&router, &tables[1..], limits.max_rows(2)).await;
    assert!(few[0].is_partial && few[0].rows == 2, "{few:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_behind_is_waited_for_and_then_unknown() {
    let cluster = cluster(1);
    let router = router(&cluster).await;
    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&router.session(), "dark").await;
    let tables = ["settings".into()];
    let limits = CompareLimits::new().max_time(MOMENT);
    let behind = found(&router, &tables, limits).await;
    assert!(
        matches!(&behind[0].replicas[0].1, TableOnReplica::Unknown { why } if why.contains("catch up")),
        "{behind:#?}"
    );
    cluster.standby(0).resume_replay().expect("resumed");
    let limits = CompareLimits::new().max_time(LIMIT);
    let there = found(&router, &tables, limits).await;
    assert!(there[0].is_equal(), "{there:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_be_compared_is_an_error_that_names_it() {
    let cluster = cluster(1);
    let keyless = "CREATE TABLE keyless (theme VARCHAR(10))";
    cluster.primary().execute(keyless).expect("a table");
    let router = router(&cluster).await;
    for name in [
        "keyless",
        "nowhere",
        "no.where",
        "",
        "settings; DROP TABLE settings",
    ] {
        let compared = router.compare(&[name.into()], CompareLimits::new()).await;
        let error = compared.expect_err("an error");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        let words = source.unwrap_or_else(|| error.to_string());
        assert!(words.contains(&format!("`{name}`")), "{words}");
    }
    // The connections that failed are not lent again, and the table is there.
    let equal = found(&router, &["settings".into()], CompareLimits::new()).await;
    assert!(equal[0].is_equal(), "{equal:#?}");
}
