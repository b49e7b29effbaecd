//! How fresh the reads of a request are.

use axum::Router as App;
use axum::http::Method;
use axum::routing::get;
use diesel_routing::edge::{Edge, Rule, SessionLayer};
use diesel_routing::sqlite::{ReadConn, Session};
use diesel_routing::{Error, Level, Mode, Primary, Replica, consistency, prelude::*};

use super::client::{Layer, request, send, show, text, with};
use super::nodes::{router, settings, stale_cluster};

#[consistency(strong)]
async fn true_reason(conn: &mut ReadConn<Primary>) -> Result<String, Error> {
    Ok(conn.route().reason.to_string())
}

#[consistency(eventual)]
async fn any_theme(conn: &mut ReadConn<Replica>) -> Result<String, Error> {
    let theme = settings::table.find(1).select(settings::theme);
    Ok(theme.first(conn).await?)
}

/// A page that leaves its level to the route.
async fn by_default(session: Session) -> String {
    let mut conn = session.read_default().await.expect("a connection");
    let theme = settings::table.find(1).select(settings::theme);
    let theme: String = theme.first(&mut conn).await.expect("a row");
    format!("{theme} {}", conn.route().reason)
}

async fn explicit(session: Session) -> String {
    let conn = session.read_eventual().await.expect("a connection");
    conn.route().reason.to_string()
}

async fn attribute(session: Session) -> String {
    let read = any_theme(&session).await.expect("a row");
    format!("{read} {}", true_reason(&session).await.expect("a row"))
}

fn app(layer: Layer) -> App {
    let pages = || {
        let pages = App::new().route("/", get(by_default).post(by_default));
        pages.route("/read", get(show))
    };
    App::new()
        .nest("/admin", pages())
        .nest("/public", pages())
        .nest("/other", pages())
        .route("/admin/explicit", get(explicit))
        .route("/admin/attribute", get(attribute))
        .layer(layer)
}

async fn edge(cluster: &diesel_routing_testkit::SqliteCluster) -> super::nodes::AsyncEdge {
    let rules = [
        Rule::new("/admin", Level::Strong),
        Rule::new("/public", Level::Eventual).on(Method::GET),
    ];
    let edge = Edge::new(router(cluster).await).expect("keys");
    edge.rules(rules).expect("rules")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_path_and_method_say_how_fresh_where_the_code_does_not_and_strengthen_where_it_does() {
    let cluster = stale_cluster();
    let app = app(SessionLayer::from(edge(&cluster).await));
    for (method, path, expected) in [
        ("GET", "/admin", "light strong"),
        ("POST", "/admin", "light strong"),
        ("GET", "/public", "light eventual"),
        ("POST", "/public", "light nothing_to_catch_up"),
        ("GET", "/other", "light nothing_to_catch_up"),
        // What a handle promises, no rule weakens.
        ("GET", "/public/read", "light nothing_to_catch_up"),
        ("GET", "/admin/read", "light strong"),
        ("GET", "/admin/explicit", "strong"),
        ("GET", "/admin/attribute", "light strong"),
    ] {
        let said = text(send(&app, request(method, path)).await).await;
        assert_eq!(said, expected, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_wish_counts_only_from_callers_that_are_trusted() {
    let cluster = stale_cluster();
    let nobody = edge(&cluster).await;
    let trusting = edge(&cluster).await.trust(|request| {
        request
            .headers
            .get("x-internal")
            .is_some_and(|value| value == "yes")
    });
    let reason =
        async |edge: &super::nodes::AsyncEdge, path: &str, headers: &[(&'static str, &[u8])]| {
            let app = app(SessionLayer::from(edge.clone()));
            let request = headers
                .iter()
                .fold(request("GET", path), |request, (name, value)| {
                    with(request, name, value)
                });
            let said = text(send(&app, request).await).await;
            said.trim_start_matches("light ").to_owned()
        };
    const WISH: &str = "x-db-consistency";
    let usual = "nothing_to_catch_up";

    assert_eq!(reason(&nobody, "/other", &[(WISH, b"STRONG")]).await, usual);
    assert_eq!(nobody.status().ignored_wishes, 1);
    assert_eq!(
        reason(&trusting, "/other", &[(WISH, b"STRONG")]).await,
        usual
    );
    assert_eq!(trusting.status().ignored_wishes, 1);

    let trusted = ("x-internal", &b"yes"[..]);
    for (wish, expected) in [
        (&b"STRONG"[..], "strong"),
        (b"SESSION", usual),
        (b"EVENTUAL", "eventual"),
        // SQLite has no positions: lag is never known.
        (b"BOUNDED=250ms", "too_stale"),
    ] {
        let said = reason(&trusting, "/other", &[trusted, (WISH, wish)]).await;
        assert_eq!(said, expected, "{wish:?}");
    }
    // The rule of the path is stronger, and so is what the handle promises.
    let eventual = (WISH, &b"EVENTUAL"[..]);
    assert_eq!(
        reason(&trusting, "/admin", &[trusted, eventual]).await,
        "strong"
    );
    assert_eq!(
        reason(&trusting, "/other/read", &[trusted, eventual]).await,
        usual
    );
    let strong = (WISH, &b"STRONG"[..]);
    for page in ["/public", "/other/read"] {
        assert_eq!(reason(&trusting, page, &[trusted, strong]).await, "strong");
    }
    let said = reason(&trusting, "/admin/attribute", &[trusted, eventual]).await;
    assert_eq!(said, "strong");
    assert_eq!(trusting.status().ignored_wishes, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_smuggled_wish_is_no_wish() {
    let cluster = stale_cluster();
    let edge = edge(&cluster).await.trust(|_| true);
    let app = app(SessionLayer::from(edge.clone()));
    let wishes: [&[&[u8]]; 6] = [
        &[b"EVENTUAL", b"STRONG"],
        &[b"STRONG", b"STRONG"],
        &[b"EVENTUAL, STRONG"],
        &[b"STRONG\t;x"],
        &[b"\xff\xfe"],
        &[b"WRITE"],
    ];
    for (index, values) in (1..).zip(wishes) {
        let request = values
            .iter()
            .fold(request("GET", "/other"), |request, value| {
                with(request, "x-db-consistency", value)
            });
        let said = text(send(&app, request).await).await;
        assert_eq!(said, "light nothing_to_catch_up", "{values:?}");
        assert_eq!(edge.status().ignored_wishes, index, "{values:?}");
    }
    // Proxies and CGI take an underscore for a hyphen; here it is another header.
    let other = with(request("GET", "/other"), "x_db_consistency", b"STRONG");
    let said = text(send(&app, other).await).await;
    assert_eq!(said, "light nothing_to_catch_up");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_written_counts_while_the_rest_is_off() {
    let cluster = stale_cluster();
    let edge = edge(&cluster).await.trust(|_| true);
    let app = app(SessionLayer::from(edge.clone()));
    let said = async |path| {
        let request = with(request("GET", path), "x-db-consistency", b"STRONG");
        text(send(&app, request).await).await
    };
    let usual = "light nothing_to_catch_up";
    assert_eq!(said("/other").await, "light strong");
    edge.router().set_mode(Mode::AsWritten);
    assert_eq!(said("/admin").await, usual);
    assert_eq!(said("/other").await, usual);
    assert_eq!(said("/admin/explicit").await, "eventual");
    assert_eq!(said("/admin/attribute").await, "light strong");
    assert_eq!(edge.status().ignored_wishes, 0);
    edge.router().set_mode(Mode::On);
    assert_eq!(said("/other").await, "light strong");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_drawn_by_the_key_of_its_user() {
    let cluster = stale_cluster();
    let keyed = edge(&cluster).await.session_key(|request| {
        let user = request.headers.get("x-user")?;
        user.to_str().ok().map(str::to_owned)
    });
    keyed.router().set_replica_share(50).expect("a share");
    let app = app(SessionLayer::from(keyed.clone()));
    let mut kept = 0;
    for user in 0..40 {
        let user = format!("user-{user}");
        let mut said = Vec::new();
        for _ in 0..4 {
            let request = with(request("GET", "/other"), "x-user", user.as_bytes());
            said.push(text(send(&app, request).await).await);
        }
        said.dedup();
        assert_eq!(said.len(), 1, "{user}: {said:?}");
        kept += u32::from(said[0] == "light outside_share");
    }
    assert!((10..=30).contains(&kept), "{kept} of 40");
}
