//! The strongest of attribute, call, handle, rule and class counts: on PostgreSQL, whose standby stands still.

use std::time::Duration;

use axum::Router as App;
use axum::extract::Path;
use axum::routing::{get, post};
use diesel_routing::edge::{Edge, EdgeError, Rule, SessionLayer};
use diesel_routing::pg::{ReadConn, Router, Session};
use diesel_routing::{
    CaughtUp, Class, ConfigError, Error, Fallback, Level, Node, Replica, Role, consistency,
    prelude::*,
};
use diesel_routing_testkit::PgCluster;

use super::client::{Browser, request, text};
use super::nodes::{keys, settings};

const HOUR: Duration = Duration::from_secs(3600);

/// A primary, and a standby that has the theme "light", and stands still.
pub(super) fn cluster() -> PgCluster {
    let cluster = PgCluster::builder().standbys(1).start().expect("a cluster");
    let schema = "CREATE TABLE settings (id INTEGER PRIMARY KEY, theme TEXT NOT NULL);
                  INSERT INTO settings VALUES (1, 'light')";
    cluster.primary().execute(schema).expect("a table");
    cluster
        .wait_until_caught_up(Duration::from_secs(20))
        .expect("a standby that follows");
    cluster.standby(0).pause_replay().expect("paused");
    cluster
}

pub(super) fn rules() -> [Rule; 4] {
    [
        Rule::new("/admin", Level::Strong),
        Rule::new("/public", Level::Eventual),
        Rule::class("/checkout", "payments"),
        Rule::class("/suggestions", "suggestions"),
    ]
}

pub(super) fn classes() -> [(&'static str, Class); 2] {
    [
        ("payments", Class::new().level(Level::Strong)),
        ("suggestions", Class::new().fallback(Fallback::Refuse)),
    ]
}

async fn router(cluster: &PgCluster) -> Router {
    let mut builder = Router::builder()
        .window(HOUR)
        .token_keys(keys())
        .primary(Node::new("primary", cluster.primary().url()))
        .replica(Node::new("standby", cluster.standby(0).url()));
    for (name, class) in classes() {
        builder = builder.class(name, class);
    }
    builder.build().await.expect("a router")
}

async fn seen<R: Role>(conn: &mut ReadConn<R>) -> Result<String, Error> {
    let theme = settings::table.find(1).select(settings::theme);
    let theme: String = theme.first(&mut *conn).await?;
    let route = conn.route();
    Ok(format!("{theme} {} {}", route.node, route.reason))
}

#[consistency(session)]
async fn email(conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
    seen(conn).await
}

#[consistency(eventual)]
async fn banner(conn: &mut ReadConn<Replica>) -> Result<String, Error> {
    seen(conn).await
}

/// A read of each kind.
async fn read(session: &Session, way: &str) -> Result<String, Error> {
    match way {
        "session function" => email(session).await,
        "eventual function" => banner(session).await,
        "read" => seen(&mut session.read().await?).await,
        "read_default" => seen(&mut session.read_default().await?).await,
        "read_eventual" => seen(&mut session.read_eventual().await?).await,
        "read_bounded" => seen(&mut session.read_bounded(HOUR).await?).await,
        "read_primary" => seen(&mut session.read_primary().await?).await,
        "upgrade" => {
            let conn = session.read_eventual().await?;
            seen(&mut conn.upgrade(session).await?).await
        }
        other => panic!("{other}"),
    }
}

const WAYS: [&str; 8] = [
    "session function",
    "eventual function",
    "read",
    "read_default",
    "read_eventual",
    "read_bounded",
    "read_primary",
    "upgrade",
];

/// Reads in one way after the other, each in a session of its own request.
async fn show(session: Session, Path(way): Path<usize>) -> String {
    match read(&session, WAYS[way]).await {
        Ok(seen) => seen,
        Err(Error::NoReplicaOfClass { class, reason, .. }) => format!("{class} refused {reason}"),
        Err(error) => panic!("{error}"),
    }
}

async fn darken(session: Session) {
    let mut conn = session.write().await.expect("a connection");
    let setting = diesel::update(settings::table.find(1));
    let setting = setting.set(settings::theme.eq("dark"));
    setting.execute(&mut conn).await.expect("a write");
}

async fn app(cluster: &PgCluster) -> App {
    let edge = Edge::new(router(cluster).await).expect("keys");
    let edge = edge.rules(rules()).expect("rules");
    let pages = || {
        let pages = App::new().route("/{way}", get(show));
        pages.route("/", post(darken))
    };
    App::new()
        .nest("/admin", pages())
        .nest("/public", pages())
        .nest("/checkout", pages())
        .nest("/suggestions", pages())
        .nest("/other", pages())
        .layer(SessionLayer::from(edge))
}

async fn page(app: &App, user: &mut Browser, path: &str) -> String {
    text(user.send(app, request("GET", path)).await).await
}

/// Returns what `user` sees in each way.
async fn ways(app: &App, user: &Browser, path: &str) -> Vec<(&'static str, String)> {
    let mut seen = Vec::new();
    for (index, way) in WAYS.into_iter().enumerate() {
        // The same cookies each time: what one request read is not the next one's business.
        let mut user = user.clone();
        seen.push((way, page(app, &mut user, &format!("{path}/{index}")).await));
    }
    seen
}

/// Under the rule, `#[consistency(session)]` read an old row from the replica, and `session.read()` the new one.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_strengthens_every_read_whatever_it_asks_for() {
    let cluster = cluster();
    let app = app(&cluster).await;
    Browser::default()
        .send(&app, request("POST", "/other"))
        .await;
    let stranger = Browser::default();
    for path in ["/admin", "/checkout"] {
        for (way, seen) in ways(&app, &stranger, path).await {
            assert_eq!(seen, "dark primary strong", "{way} under {path}");
        }
    }
    // Without a rule, they are as they ask.
    for (way, seen) in ways(&app, &stranger, "/other").await {
        let reason = match way {
            "session function" | "read" | "read_default" | "upgrade" => "nothing_to_catch_up",
            "eventual function" | "read_eventual" => "eventual",
            "read_bounded" => "bounded",
            _ => "strong",
        };
        let expected = match reason {
            "strong" => "dark primary strong".to_owned(),
            _ => format!("light standby {reason}"),
        };
        assert_eq!(seen, expected, "{way}");
    }
}

/// Under the rule, `session.read()` gave a handle that is called caught up, of a replica that lacked the session's own write.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_weakens_only_reads_that_leave_the_level_to_it() {
    let cluster = cluster();
    let app = app(&cluster).await;
    let mut user = Browser::default();
    user.send(&app, request("POST", "/public")).await;
    for (way, seen) in ways(&app, &user, "/public").await {
        let expected = match way {
            // Whether the position of the write is known yet, or not.
            "session function" | "read" | "upgrade" => "dark primary",
            "eventual function" | "read_default" | "read_eventual" => "light standby eventual",
            "read_bounded" => "light standby bounded",
            _ => "dark primary strong",
        };
        assert!(seen.starts_with(expected), "{way}: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_refuses_keeps_reads_off_the_primary_until_a_replica_may_serve_them() {
    let cluster = cluster();
    let app = app(&cluster).await;
    let mut user = Browser::default();
    user.send(&app, request("POST", "/suggestions")).await;
    for (way, seen) in ways(&app, &user, "/suggestions").await {
        let expected = match way {
            "session function" | "read" | "read_default" | "upgrade" => "suggestions refused",
            "eventual function" | "read_eventual" => "light standby eventual",
            "read_bounded" => "light standby bounded",
            // Never refused.
            _ => "dark primary strong",
        };
        assert!(seen.starts_with(expected), "{way}: {seen}");
    }
    cluster.standby(0).resume_replay().expect("resumed");
    cluster
        .wait_until_caught_up(Duration::from_secs(20))
        .expect("caught up");
    let since = std::time::Instant::now();
    while page(&app, &mut user, "/suggestions/2").await != "dark standby caught_up" {
        assert!(since.elapsed() < Duration::from_secs(20));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_there_is_not_is_an_error_at_the_rule_and_at_the_checkout() {
    let cluster = cluster();
    let router = router(&cluster).await;
    let session = router.session().class("payment");
    let error = session.read_eventual().await.expect_err("no such class");
    assert!(
        matches!(
            &error,
            Error::Config(ConfigError::NoSuchClass { class, function: None, known })
                if class == "payment" && known == &["payments", "suggestions"]
        ),
        "{error}"
    );
    let edge = Edge::new(router).expect("keys");
    let error = edge
        .rules([Rule::class("/a", "payment")])
        .expect_err("no such class");
    assert!(
        matches!(&error, EdgeError::NoSuchClass { path, class } if path == "/a" && class == "payment"),
        "{error}"
    );
}
