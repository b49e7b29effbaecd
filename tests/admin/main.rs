//! The endpoint for operators, without a network.

#![expect(clippy::unwrap_used, reason = "tests")]

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use diesel_routing::config::RoutingConfig;
use diesel_routing::sqlite::Router;
use diesel_routing_testkit::SqliteCluster;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

struct Service {
    cluster: SqliteCluster,
    router: Router,
    admin: axum::Router,
}

impl Service {
    async fn start() -> Self {
        let cluster = SqliteCluster::builder()
            .replicas(1)
            .schema("CREATE TABLE users (id INTEGER PRIMARY KEY)")
            .start()
            .unwrap();
        let config = RoutingConfig::read(config(&cluster)).unwrap();
        let router = Router::builder().config(&config).build().await.unwrap();
        let admin = diesel_routing::admin::router(&router);
        Self {
            cluster,
            router,
            admin,
        }
    }

    async fn ask(&self, method: Method, path: &str, body: &str) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.admin.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let headers = response.headers().clone();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        if body.is_empty() {
            return (status, Value::Null);
        }
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn apply(&self, path: &str, config: &Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, &config.to_string()).await
    }
}

fn config(cluster: &SqliteCluster) -> Value {
    json!({
        "nodes": {
            "primary": { "url": cluster.primary_url(), "role": "primary" },
            "replica": { "url": cluster.replica_url(0).unwrap(), "role": "replica", "pools": { "read": { "size": 3 } } },
        },
    })
}

/// Returns the objects in a value, at any depth.
fn objects(value: &Value) -> Vec<&serde_json::Map<String, Value>> {
    match value {
        Value::Object(object) => std::iter::once(object)
            .chain(object.values().flat_map(objects))
            .collect(),
        Value::Array(values) => values.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn the_status_is_json_with_stable_names() {
    let service = Service::start().await;
    let (status, body) = service.ask(Method::GET, "/status", "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["configuration"]["version"], 1);
    let changed_at = body["configuration"]["changed_at"].as_str().unwrap();
    assert!(
        changed_at.ends_with('Z') && changed_at.contains('T'),
        "{changed_at}"
    );
    let [primary, replica] = &body["nodes"].as_array().unwrap()[..] else {
        panic!("{body}");
    };
    assert_eq!(
        (&primary["configured"], &primary["is_primary"]),
        (&json!("primary"), &json!(true))
    );
    assert_eq!(
        (&replica["configured"], &replica["health"]),
        (&json!("replica"), &json!("up"))
    );
    assert_eq!(
        replica["pools"][0],
        json!({ "pool": "read", "max_size": 3, "open": 0, "idle": 0, "pending": 0, "loans": 0, "time_in_use_seconds": 0.0, "timeouts": 0 })
    );
    assert!(replica.as_object().unwrap().contains_key("lag_seconds"));
    assert_eq!(body["rejected_tokens"], json!({}));
    // serde's own shape of times.
    assert!(
        objects(&body)
            .iter()
            .all(|object| !object.contains_key("nanos")),
        "{body}"
    );
    assert!(
        objects(&body)
            .iter()
            .all(|object| !object.contains_key("nanos_since_epoch")),
        "{body}"
    );
}

#[tokio::test]
async fn a_configuration_is_applied_and_a_wrong_one_is_refused_with_its_key() {
    let service = Service::start().await;
    let mut next = config(&service.cluster);
    next["max_lag"] = json!("9s");
    let (status, body) = service.apply("/apply?by=deploy+42", &next).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let change = json!({ "key": "max_lag", "from": null, "to": "9s", "is_overridden": false });
    assert_eq!(
        body,
        json!({ "version": 2, "settings": [change], "nodes": [] })
    );
    let running = service.router.status().configuration;
    assert_eq!(
        (running.version, running.by.as_deref()),
        (2, Some("deploy 42"))
    );
    let (_, shown) = service.ask(Method::GET, "/config", "").await;
    assert_eq!(shown["max_lag"], "9s");
    assert_eq!(
        RoutingConfig::read(shown).unwrap(),
        RoutingConfig::read(next.clone()).unwrap()
    );
    for (key, value, words) in [
        ("max_lag", json!(9), "expected a time with its unit"),
        ("share", json!(9), "unknown field `share`"),
        ("zone", json!("a"), "start the process anew"),
        ("version", json!(2), "upgrade diesel-routing"),
    ] {
        let mut wrong = next.clone();
        wrong[key] = value;
        let (status, body) = service.apply("/apply", &wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(body["key"], key, "{body}");
        assert!(body["error"].as_str().unwrap().contains(words), "{body}");
    }
    let (status, body) = service.ask(Method::POST, "/apply", "{").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        body["error"].as_str().unwrap().contains("cannot be read"),
        "{body}"
    );
    let running = service.router.status().configuration;
    assert_eq!(running.version, 2);
}

#[tokio::test]
async fn the_switch_is_thrown_and_thrown_back() {
    let service = Service::start().await;
    let (status, body) = service
        .ask(Method::POST, "/mode?by=ann", r#"{"mode":"primary_only"}"#)
        .await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(
        body,
        json!({ "mode": "primary_only", "replica_share": 100, "classes": {} })
    );
    assert_eq!(service.router.mode(), diesel_routing::Mode::PrimaryOnly);
    let running = service.router.status().configuration;
    assert_eq!(
        (running.by.as_deref(), &*running.changes),
        (Some("ann"), &["`mode`: on -> primary_only".to_owned()][..])
    );
    // The configuration says nothing of it, so applying one leaves it.
    let mut next = config(&service.cluster);
    next["classes"] = json!({ "payments": {} });
    service.apply("/apply", &next).await;
    assert_eq!(service.router.mode(), diesel_routing::Mode::PrimaryOnly);
    let share = r#"{"mode":"on","replica_share":20,"classes":{"payments":10}}"#;
    let (_, body) = service.ask(Method::POST, "/mode", share).await;
    assert_eq!(
        body,
        json!({ "mode": "on", "replica_share": 20, "classes": { "payments": 10 } })
    );
    for (wrong, key) in [
        (r#"{"mode":"off"}"#, "mode"),
        (r#"{"replica_share":101}"#, "replica_share"),
        (r#"{"classes":{"nobody":1}}"#, "classes.nobody"),
        (r#"{"share":1}"#, "share"),
    ] {
        let (status, body) = service.ask(Method::POST, "/mode", wrong).await;
        assert_eq!(
            (status, &body["key"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(key)),
            "{body}"
        );
    }
    assert_eq!(service.router.replica_share(), 20);
}

#[tokio::test]
async fn only_the_methods_and_paths_that_there_are_answer() {
    let service = Service::start().await;
    for (method, path, expected) in [
        (Method::GET, "/apply", StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/status", StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, "/", StatusCode::NOT_FOUND),
        (Method::GET, "/metrics", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(service.ask(method, path, "").await.0, expected, "{path}");
    }
}

#[cfg(feature = "metrics")]
#[tokio::test]
async fn metrics_are_brought_up_to_date_and_rendered() {
    let service = Service::start().await;
    let router = service.router.clone();
    // What the recorder says is the application's matter; here, what the router counts.
    let render = move || format!("reads {}\n", router.status().reads.total);
    let metrics = diesel_routing::admin::metrics(&service.router, render);
    let admin = service.admin.clone().merge(metrics);
    drop(service.router.read_eventual().await.unwrap());
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let response = admin.oneshot(request).await.unwrap();
    let content = response.headers()[header::CONTENT_TYPE].clone();
    assert_eq!(content, "text/plain; version=0.0.4");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "reads 1\n");
}
