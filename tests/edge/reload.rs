//! Rules that come from the router's configuration.

use axum::Router as App;
use axum::routing::get;
use diesel_routing::config::RoutingConfig;
use diesel_routing::edge::{Edge, Rule, SessionLayer};
use diesel_routing::{ConfigError, Error, Level};
use serde_json::json;

use super::client::{request, send, show, text};
use super::nodes::{router, stale_cluster};

fn rules(rules: &serde_json::Value) -> RoutingConfig {
    RoutingConfig::read(json!({ "edge": { "rules": rules } })).expect("a configuration")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_the_configuration_hold_from_the_next_request_on_unless_code_has_some() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let edge = Edge::new(router.clone()).expect("keys");
    let own = edge
        .clone()
        .rules([Rule::new("/own", Level::Strong)])
        .expect("rules");
    let app = |edge| {
        let pages = App::new()
            .route("/admin", get(show))
            .route("/own", get(show));
        pages.layer(SessionLayer::from(edge))
    };
    let (configured, own) = (app(edge), app(own));
    let reason = async |app: &App, path: &str| {
        let shown = text(send(app, request("GET", path)).await).await;
        shown.split(' ').next_back().expect("a reason").to_owned()
    };
    assert_ne!(reason(&configured, "/admin").await, "strong");
    let admin = json!([{ "path": "/admin", "method": "GET", "level": "strong" }]);
    router.apply(&rules(&admin)).await.expect("applied");
    assert_eq!(reason(&configured, "/admin").await, "strong");
    assert_ne!(reason(&own, "/admin").await, "strong");
    assert_eq!(reason(&own, "/own").await, "strong");
    for (wrong, key) in [
        (
            json!([{ "path": "admin", "level": "strong" }]),
            "edge.rules",
        ),
        (
            json!([{ "path": "/a", "method": "get", "level": "strong" }]),
            "edge.rules[0].method",
        ),
    ] {
        match router.apply(&rules(&wrong)).await {
            Err(Error::Config(ConfigError::Key { key: found, .. })) => assert_eq!(found, key),
            other => panic!("{other:?}"),
        }
        assert_eq!(reason(&configured, "/admin").await, "strong");
    }
    router.apply(&rules(&json!([]))).await.expect("applied");
    assert_ne!(reason(&configured, "/admin").await, "strong");
}
