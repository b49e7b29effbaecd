//! Jobs with apalis.

use std::time::Duration;

use apalis::prelude::*;
use diesel_routing::sqlite::Router;
use diesel_routing::{JobToken, Rejection, SignedToken, TokenKeys};
use frameworks::jobs::{Notify, Outbox, notify};
use frameworks::{cluster, theme};
use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

/// Does a job that was found in the queue, and returns what it has sent.
async fn run(router: &Router, payload: &serde_json::Value) -> String {
    let job: Notify = serde_json::from_value(payload.clone()).expect("a job");
    let mut queue = MemoryStorage::new();
    queue.push(job).await.expect("enqueued");
    let (outbox, mut sent) = unbounded_channel();
    let worker = WorkerBuilder::new("notify")
        .backend(queue)
        .data(router.clone())
        .data(Outbox(outbox))
        .build(notify);
    let done = async {
        tokio::select! {
            _ = worker.run() => panic!("the worker has stopped"),
            sent = sent.recv() => sent.expect("a message"),
        }
    };
    timeout(Duration::from_secs(30), done).await.expect("done")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_sees_what_its_session_had_written_when_it_was_enqueued() {
    let cluster = cluster::stale().expect("a cluster");
    let router = cluster::router(&cluster).await.expect("a router");
    let session = router.session();
    let before = Notify::new("ann", &session).await.expect("keys");
    theme::set_theme(&session, "dark").await.expect("saved");
    let after = Notify::new("ann", &session).await.expect("keys");
    let payload = |job: &Notify| serde_json::to_value(job).expect("JSON");
    // The replica will do for a session that had written nothing.
    assert_eq!(run(&router, &payload(&before)).await, "ann: light");
    assert_eq!(run(&router, &payload(&after)).await, "ann: dark");
    assert_eq!(router.status().rejected_tokens, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_without_a_token_that_is_valid_here_is_done_on_the_primary() {
    let cluster = cluster::stale().expect("a cluster");
    let router = cluster::router(&cluster).await.expect("a router");
    theme::set_theme(&router.session(), "dark")
        .await
        .expect("saved");
    let strange = TokenKeys::new(1, [8; 32]).expect("keys");
    let strange = cluster::router_with(&cluster, strange)
        .await
        .expect("a router");
    let forged = strange.session().token().await.expect("keys");
    let later_version = format!("_{}", &forged.as_str()[1..]);
    for payload in [
        json!({ "user": "ann" }),
        json!({ "user": "ann", "session": null }),
        json!({ "user": "ann", "session": "not a token" }),
        json!({ "user": "ann", "session": "a".repeat(SignedToken::MAX_LEN + 1) }),
        json!({ "user": "ann", "session": forged }),
        json!({ "user": "ann", "session": later_version, "added": [1, 2] }),
        json!({ "user": "ann", "session": { "version": 9, "tokens": ["a"] } }),
    ] {
        assert_eq!(run(&router, &payload).await, "ann: dark", "{payload}");
    }
    let mut rejected = router.status().rejected_tokens;
    rejected.sort_by_key(|(rejection, _)| rejection.as_str());
    let expected = [(Rejection::BadSignature, 1), (Rejection::UnknownVersion, 1)];
    assert_eq!(rejected, expected);
    assert_eq!(JobToken::default().token(), None);
}
