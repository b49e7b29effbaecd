//! The same with blocking connections.

use std::time::Duration;

use diesel::PgConnection;
use diesel_routing::sync::edge::Edge;
use diesel_routing::sync::pg::{ReadConn, Router, Session};
use diesel_routing::sync::prelude::*;
use diesel_routing::{CaughtUp, Error, Node, Replica, consistency};
use diesel_routing_testkit::PgCluster;
use http::{HeaderMap, Request};

use super::client::cookie;
use super::nodes::{keys, settings};
use super::strength::{classes, cluster, rules};

const HOUR: Duration = Duration::from_secs(3600);

fn edge(cluster: &PgCluster) -> Edge<PgConnection> {
    let mut builder = Router::builder()
        .window(HOUR)
        .token_keys(keys())
        .primary(Node::new("primary", cluster.primary().url()))
        .replica(Node::new("standby", cluster.standby(0).url()));
    for (name, class) in classes() {
        builder = builder.class(name, class);
    }
    let edge = Edge::new(builder.build().expect("a router")).expect("keys");
    edge.rules(rules()).expect("rules")
}

fn seen(conn: &mut ReadConn<Replica>) -> Result<String, Error> {
    let theme = settings::table.find(1).select(settings::theme);
    let theme: String = theme.first(&mut *conn)?;
    let route = conn.route();
    Ok(format!("{theme} {} {}", route.node, route.reason))
}

#[consistency(session)]
fn email(conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
    seen(conn)
}

/// Calls `handle` with the session of a request, and returns the cookie of the response.
fn request(
    edge: &Edge<PgConnection>,
    path: &str,
    cookie_of: Option<&str>,
    handle: impl FnOnce(&Session),
) -> Option<String> {
    let mut request = Request::builder().uri(path);
    if let Some(cookie) = cookie_of {
        request = request.header("cookie", cookie);
    }
    let request = request.body(()).expect("a request").into_parts().0;
    let mut exchange = edge.begin(&request);
    handle(exchange.session());
    let mut headers = HeaderMap::new();
    exchange.finish(&mut headers);
    cookie(&headers)
}

fn darken(session: &Session) {
    let setting = diesel::update(settings::table.find(1));
    let mut conn = session.write().expect("a connection");
    let setting = setting.set(settings::theme.eq("dark"));
    setting.execute(&mut conn).expect("a write");
}

#[test]
fn a_rule_strengthens_every_read_and_weakens_only_those_that_leave_the_level_to_it() {
    let cluster = cluster();
    let edge = edge(&cluster);
    let user = request(&edge, "/other", None, darken).expect("a cookie");
    for path in ["/admin", "/checkout/cart"] {
        request(&edge, path, None, |session| {
            let strong = "dark primary strong";
            assert_eq!(email(session).expect("a row"), strong);
            for mut conn in [
                session.read_eventual().expect("a connection"),
                session.read_default().expect("a connection"),
            ] {
                assert_eq!(seen(&mut conn).expect("a row"), strong);
            }
        });
    }
    request(&edge, "/public", Some(&user), |session| {
        let mut conn = session.read_default().expect("a connection");
        assert_eq!(seen(&mut conn).expect("a row"), "light standby eventual");
        let mine = email(session).expect("a row");
        assert!(mine.starts_with("dark primary "), "{mine}");
        let mut conn = session.read().expect("a connection");
        let mine = seen(&mut conn).expect("a row");
        assert!(mine.starts_with("dark primary "), "{mine}");
    });
    request(&edge, "/suggestions", Some(&user), |session| {
        let error = email(session).expect_err("no replica has it");
        assert!(
            matches!(error, Error::NoReplicaOfClass { function: Some(name), .. } if name.ends_with("::email")),
            "{error}"
        );
        assert!(error.may_retry_later());
        drop(session.read_primary().expect("a connection"));
    });
}
