//! A configuration whose caller gives up while it is being applied.

use serde_json::json;

use super::applying::{Secrets, started};
use super::*;

#[test]
fn one_that_is_given_up_changes_nothing_and_the_next_has_its_turn() {
    run(async {
        let cluster = Cluster::start(2);
        let secrets = Secrets::of(&cluster);
        let proxy = cluster.standby(1).proxy().unwrap();
        secrets.put("replica-1", &proxy.url());
        let more = json!({ "max_lag": "9s" });
        let names = ["primary", "replica-0", "replica-1"];
        let (one, both) = (
            secrets.config(&names[..2], json!({}), json!({})),
            secrets.config(&names, json!({}), more.clone()),
        );
        let router = started(&one).await;
        proxy.hang().unwrap();
        let limit = Duration::from_millis(300);
        assert!(
            tokio::time::timeout(limit, router.apply(&both))
                .await
                .is_err()
        );
        assert_eq!(router.nodes().names(), names[..2]);
        assert_eq!(router.status().configuration.version, 1);
        assert_eq!(router.configuration(), one);
        // Nor does one that waits for its turn hold up the others.
        let first = tokio::spawn({
            let (router, both) = (router.clone(), both.clone());
            async move {
                tokio::time::timeout(limit, router.apply(&both))
                    .await
                    .is_err()
            }
        });
        while router.status().configuration.version == 1 && !first.is_finished() {
            let second = router.apply(&one);
            let _ = tokio::time::timeout(Duration::from_millis(20), second).await;
        }
        assert!(first.await.unwrap());
        let small = secrets.config(&names[..2], json!({}), more);
        let changes = router.apply(&small).await.unwrap();
        assert_eq!(changes.to_string(), "`max_lag`: unset -> 9s");
        assert_eq!(router.nodes().names(), names[..2]);
    });
}
