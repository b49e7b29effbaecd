//! A Redis behind TLS.

use std::process::Command;
use std::time::{Duration, SystemTime};

use diesel_routing::edge::{RedisStore, TokenStore};
use diesel_routing::{Token, sync};

use super::redis_server::RedisServer;

const LIFE: Duration = Duration::from_secs(60);

/// The place where the child process finds the server.
const URL: &str = "REDIS_TLS_URL";

/// What is trusted comes with the environment, so another process asks.
#[test]
fn a_redis_behind_tls_is_trusted_where_the_system_trusts_its_certificate_and_not_elsewhere() {
    let redis = RedisServer::start_tls();
    let ask = |trusted: &str| {
        let output = Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", "redis_tls::asks", "--ignored", "--nocapture"])
            .env(URL, redis.tls_url())
            .env("SSL_CERT_FILE", trusted)
            .output();
        let output = output.expect("a process");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), said)
    };
    let (is_fine, said) = ask(&redis.certificate());
    assert!(is_fine, "{said}");
    let stranger = redis.another_certificate();
    let (is_fine, said) = ask(&stranger);
    assert!(is_fine && said.contains("refused: "), "{said}");
    assert!(
        said.contains("certificate") || said.contains("UnknownIssuer"),
        "{said}"
    );
}

#[tokio::test]
#[ignore = "the other process of the test above"]
async fn asks() {
    let Ok(url) = std::env::var(URL) else { return };
    let now = SystemTime::now();
    let token = Token::new(now + LIFE).wrote_at_unknown_position(now);
    let store = RedisStore::new(&url).expect("a store");
    if let Err(error) = store.join("ann", &token, LIFE).await {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        println!("refused: {cause}");
        return;
    }
    assert!(store.load("ann").await.expect("loaded").is_some());
    let loaded = tokio::task::spawn_blocking(move || {
        let store = sync::edge::RedisStore::new(&url).expect("a store");
        sync::edge::TokenStore::load(&store, "ann", LIFE)
    });
    assert!(loaded.await.expect("no panic").expect("loaded").is_some());
}
