use std::sync::Arc;
use std::time::Duration;

use diesel_routing::prelude::*;
use diesel_routing::sqlite::{ReadConn, Router, Session, WriteConn};
use diesel_routing::{
    CaughtUp, Class, ConfigError, Error, Level, Mode, Primary, QueryLog, Reason, Replica, Step,
    consistency,
};

use super::schema::users;
use super::{cluster, nodes};

/// The locale, the node, the reason, and the function that the route was chosen for.
type Seen = (String, String, Reason, Option<&'static str>);

async fn look(conn: &mut ReadConn<Replica>) -> Result<Seen, Error> {
    let locale = users::table.find(1).select(users::locale);
    let locale = locale.first(&mut *conn).await?;
    let route = conn.route();
    Ok((locale, route.node.to_owned(), route.reason, route.function))
}

#[consistency(eventual)]
async fn eventually(conn: &mut ReadConn<Replica>) -> Result<Seen, Error> {
    look(conn).await
}

#[consistency(session)]
async fn in_session(conn: &mut ReadConn<CaughtUp>) -> Result<Seen, Error> {
    look(conn).await
}

#[consistency(strong, name = "the present state")]
async fn strongly(conn: &mut ReadConn<Primary>) -> Result<Seen, Error> {
    look(conn).await
}

#[consistency(write)]
async fn set_locale(conn: &mut WriteConn, locale: &str) -> Result<Seen, Error> {
    diesel::update(users::table.find(1))
        .set(users::locale.eq(locale))
        .execute(&mut *conn)
        .await?;
    // An inner read stays on this connection.
    eventually(conn).await
}

#[consistency(write, untracked)]
async fn set_locale_untracked(conn: &mut WriteConn, locale: &str) -> Result<(), Error> {
    diesel::update(users::table.find(1))
        .set(users::locale.eq(locale))
        .execute(conn)
        .await?;
    Ok(())
}

#[consistency(eventual, on = "reporting")]
async fn report(conn: &mut ReadConn<Replica>) -> Result<Seen, Error> {
    look(conn).await
}

#[consistency(session, on = "reporting", or_fail)]
async fn report_or_nothing(conn: &mut ReadConn<CaughtUp>) -> Result<Seen, Error> {
    look(conn).await
}

#[consistency(session, class = "payments")]
async fn in_class(conn: &mut ReadConn<CaughtUp>) -> Result<Seen, Error> {
    look(conn).await
}

async fn router(cluster: &diesel_routing_testkit::SqliteCluster) -> Router {
    let (primary, replica) = nodes(cluster);
    let builder = Router::builder().primary(primary).replica(replica);
    builder.build().await.expect("a router")
}

fn at(seen: &Seen) -> (&str, &str) {
    (&seen.0, &seen.1)
}

#[tokio::test]
async fn each_level_runs_where_it_may_and_a_session_sees_its_write() {
    let cluster = cluster();
    let session = router(&cluster).await.session();
    assert_eq!(at(&in_session(&session).await.unwrap()), ("en", "replica"));
    let written = set_locale(&session, "de").await.unwrap();
    assert_eq!(at(&written), ("de", "primary"));
    assert_eq!(
        written.2,
        Reason::Write,
        "the inner read is on the write's connection"
    );
    assert_eq!(at(&eventually(&session).await.unwrap()), ("en", "replica"));
    assert_eq!(at(&in_session(&session).await.unwrap()), ("de", "primary"));
    assert_eq!(at(&strongly(&session).await.unwrap()), ("de", "primary"));
}

#[tokio::test]
async fn a_router_serves_reads_from_the_primary_unless_they_are_eventual() {
    let cluster = cluster();
    let router = router(&cluster).await;
    set_locale(&router, "de").await.unwrap();
    assert_eq!(at(&eventually(&router).await.unwrap()), ("en", "replica"));
    let seen = in_session(&router).await.unwrap();
    assert_eq!((at(&seen), seen.2), (("de", "primary"), Reason::NoSession));
    assert_eq!(at(&strongly(&router).await.unwrap()), ("de", "primary"));
}

#[tokio::test]
async fn a_handle_serves_on_its_own_connection_and_in_its_transaction() {
    let cluster = cluster();
    let session = router(&cluster).await.session();
    let mut conn = session.write().await.unwrap();
    let result = conn
        .transaction(async |tx| {
            set_locale(&mut *tx, "fr").await?;
            for seen in [
                eventually(&mut *tx).await?,
                in_session(&mut *tx).await?,
                strongly(&mut *tx).await?,
            ] {
                assert_eq!(at(&seen), ("fr", "primary"), "not committed yet, seen here");
            }
            Err::<(), _>(Error::from(diesel::result::Error::RollbackTransaction))
        })
        .await;
    assert!(result.is_err());
    drop(conn);
    assert_eq!(at(&strongly(&session).await.unwrap()), ("en", "primary"));
    let mut replica = session.read_eventual().await.unwrap();
    assert_eq!(
        at(&eventually(&mut replica).await.unwrap()),
        ("en", "replica")
    );
}

#[tokio::test]
async fn the_route_and_the_error_name_the_function() {
    let cluster = cluster();
    let router = router(&cluster).await;
    let session = router.session();
    let path = concat!(module_path!(), "::in_session");
    assert_eq!(in_session(&session).await.unwrap().3, Some(path));
    assert_eq!(
        strongly(&session).await.unwrap().3,
        Some("the present state")
    );
    router.close();
    let error = in_session(&session).await.unwrap_err();
    assert!(error.to_string().contains(path), "{error}");
    assert!(
        matches!(error, Error::Checkout { step: Step::Closed, function: Some(named), .. } if named == path)
    );
}

#[tokio::test]
async fn untracked_writes_leave_no_mark() {
    let cluster = cluster();
    let session = router(&cluster).await.session();
    set_locale_untracked(&session, "de").await.unwrap();
    assert_eq!(at(&in_session(&session).await.unwrap()), ("en", "replica"));
}

#[tokio::test]
async fn a_class_is_the_routers_or_an_error_that_names_it() {
    let cluster = cluster();
    let session = router(&cluster).await.session();
    let error = in_class(&session).await.unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Config(ConfigError::NoSuchClass { class, function: Some(function), known })
                if class == "payments" && function.ends_with("::in_class") && known.is_empty()
        ),
        "{error}"
    );
    let (primary, replica) = nodes(&cluster);
    let payments = Class::new().wait(Duration::from_millis(1));
    let router = Router::builder().primary(primary).replica(replica);
    let router = router.class("payments", payments).build().await.unwrap();
    assert_eq!(
        at(&in_class(&router.session()).await.unwrap()),
        ("en", "replica")
    );
}

#[consistency(eventual, class = "payments")]
async fn weakly_in_class(conn: &mut ReadConn<Replica>) -> Result<Seen, Error> {
    look(conn).await
}

#[consistency(class = "payments")]
async fn of_any_replica(conn: &mut ReadConn<Replica>) -> Result<Seen, Error> {
    look(conn).await
}

#[consistency(class = "payments")]
async fn of_the_session(conn: &mut ReadConn<CaughtUp>) -> Result<Seen, Error> {
    look(conn).await
}

#[consistency(class = "payments")]
async fn of_the_primary(conn: &mut ReadConn<Primary>) -> Result<Seen, Error> {
    look(conn).await
}

#[consistency(class = "payments")]
async fn change(conn: &mut WriteConn) -> Result<Seen, Error> {
    look(conn).await
}

/// Reads in each way; a class may make them stronger, and never weaker.
async fn reasons(session: &Session) -> Result<[Reason; 5], Error> {
    Ok([
        weakly_in_class(session).await?.2,
        of_any_replica(session).await?.2,
        of_the_session(session).await?.2,
        of_the_primary(session).await?.2,
        change(session).await?.2,
    ])
}

#[tokio::test]
async fn a_class_strengthens_its_functions_and_alone_it_leaves_the_level_to_the_handle() {
    use Reason::{Eventual, NothingToCatchUp, Strong, TooStale, Write};
    let cluster = cluster();
    for (class, expected) in [
        (
            Class::new(),
            [Eventual, Eventual, NothingToCatchUp, Strong, Write],
        ),
        (
            Class::new().level(Level::Eventual),
            [Eventual, Eventual, NothingToCatchUp, Strong, Write],
        ),
        (
            Class::new().level(Level::Session),
            [
                NothingToCatchUp,
                NothingToCatchUp,
                NothingToCatchUp,
                Strong,
                Write,
            ],
        ),
        // No lag is known here.
        (
            Class::new().max_lag(Duration::from_secs(1)),
            [TooStale, TooStale, TooStale, Strong, Write],
        ),
        (
            Class::new().level(Level::Strong),
            [Strong, Strong, Strong, Strong, Write],
        ),
    ] {
        let (primary, replica) = nodes(&cluster);
        let router = Router::builder().primary(primary).replica(replica);
        let router = router.class("payments", class).build().await.unwrap();
        assert_eq!(
            reasons(&router.session()).await.unwrap(),
            expected,
            "{class:?}"
        );
    }
}

#[tokio::test]
async fn a_function_asks_for_replicas_with_its_tag() {
    let cluster = cluster();
    let (primary, replica) = nodes(&cluster);
    let untagged = Router::builder().primary(primary.clone());
    let untagged = untagged.replica(replica.clone()).build().await.unwrap();
    let error = report(&untagged).await.unwrap_err();
    let path = concat!(module_path!(), "::report");
    assert!(
        matches!(&error, Error::Config(ConfigError::NoSuchTag { tag, function: Some(function), .. })
            if tag == "reporting" && *function == path),
        "{error:?}"
    );
    assert!(error.to_string().contains(path), "{error}");

    let tagged = replica.tag("reporting").only_tagged();
    let router = Router::builder().primary(primary).replica(tagged);
    let router = router.build().await.unwrap();
    let session = router.session();
    assert_eq!(at(&report(&session).await.unwrap()), ("en", "replica"));
    assert_eq!(at(&report(&router).await.unwrap()), ("en", "replica"));
    // The function's tag counts, not the call's.
    assert_eq!(
        at(&report(&session.on("search")).await.unwrap()),
        ("en", "replica")
    );
    let seen = report_or_nothing(&session).await.unwrap();
    assert_eq!(at(&seen), ("en", "replica"));
    // No other function reads there.
    assert_eq!(eventually(&session).await.unwrap().2, Reason::NoReplica);
    set_locale(&session, "de").await.unwrap();
    let error = report_or_nothing(&session).await.unwrap_err();
    let words = error.to_string();
    assert!(
        words.contains("::report_or_nothing` (recent_write)"),
        "{words}"
    );
}

#[consistency(session)]
async fn early(conn: &mut ReadConn<CaughtUp>, id: i32) -> Result<String, Error> {
    if id < 0 {
        return Ok("nobody".to_owned());
    }
    assert!(id < 100, "an id like that is a bug");
    let locale = users::table.find(id).select(users::locale);
    Ok(locale.first(conn).await?)
}

#[tokio::test]
async fn early_returns_errors_panics_and_dropped_calls_give_the_connection_back() {
    let cluster = cluster();
    let (primary, replica) = nodes(&cluster);
    let router = Router::builder()
        .primary(primary.read_pool_size(1))
        .replica(replica.read_pool_size(1))
        .build()
        .await
        .unwrap();
    let session = router.session();
    for _ in 0..3 {
        assert_eq!(early(&session, -1).await.unwrap(), "nobody");
        let error = early(&session, 9).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        let panicking = session.clone();
        let panic = tokio::spawn(async move { early(&panicking, 100).await }).await;
        assert!(panic.unwrap_err().is_panic());
        drop(early(&session, 1));
        assert_eq!(early(&session, 1).await.unwrap(), "en");
    }
}

/// A permit, say, that is held while the function runs.
struct Permit(#[expect(dead_code, reason = "held")] Arc<()>);

impl Permit {
    #[consistency(eventual)]
    async fn held(
        self,
        conn: &mut ReadConn<Replica>,
        _: Arc<()>,
        (_, _second): (Arc<()>, Arc<()>),
        _unused: Arc<()>,
        permit: &Arc<()>,
    ) -> Result<usize, Error> {
        look(conn).await?;
        Ok(Arc::strong_count(permit))
    }
}

#[tokio::test]
async fn what_a_function_is_given_lives_until_it_has_ended_used_or_not() {
    let cluster = cluster();
    let session = router(&cluster).await.session();
    let permit = Arc::new(());
    let another = || Arc::clone(&permit);
    let call = || {
        Permit(another()).held(
            &session,
            another(),
            (another(), another()),
            another(),
            &permit,
        )
    };
    let future = call();
    assert_eq!(Arc::strong_count(&permit), 6, "before it runs");
    drop(future);
    assert_eq!(Arc::strong_count(&permit), 1);
    assert_eq!(call().await.unwrap(), 6, "while it runs");
    assert_eq!(Arc::strong_count(&permit), 1);
}

#[tokio::test]
async fn one_session_serves_concurrent_calls() {
    let cluster = cluster();
    let session: Session = router(&cluster).await.session();
    set_locale(&session, "de").await.unwrap();
    let calls = (0..20).map(|_| {
        let session = session.clone();
        tokio::spawn(async move { in_session(&session).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap().0, "de");
    }
}

#[tokio::test]
async fn a_class_has_a_share_of_its_own_and_none_is_lost_when_classes_are_off() {
    let cluster = cluster();
    let (primary, replica) = nodes(&cluster);
    let payments = Class::new().wait(Duration::from_millis(1)).replica_share(0);
    let router = Router::builder().primary(primary).replica(replica);
    let router = router.class("payments", payments).build().await.unwrap();
    let session = router.session().keyed("user-7");
    let reason = async |mode| {
        router.set_mode(mode);
        let (_, _, of_class, _) = in_class(&session).await.unwrap();
        let (_, _, of_none, _) = in_session(&session).await.unwrap();
        (of_class, of_none)
    };
    let (kept, free) = (Reason::OutsideShare, Reason::NothingToCatchUp);
    assert_eq!(reason(Mode::On).await, (kept, free));
    assert_eq!(reason(Mode::AsWritten).await, (kept, free));
    let all = (Reason::PrimaryOnly, Reason::PrimaryOnly);
    assert_eq!(reason(Mode::PrimaryOnly).await, all);

    let status = router.status();
    assert_eq!(status.class_replica_shares, [("payments".to_owned(), 0)]);
    router.set_class_replica_share("payments", 100).unwrap();
    assert_eq!(reason(Mode::On).await, (free, free));
    // The router's own bounds it.
    router.set_replica_share(0).unwrap();
    assert_eq!(reason(Mode::On).await, (kept, kept));

    let error = router.set_class_replica_share("payment", 1).unwrap_err();
    assert!(error.to_string().contains("there is `payments`"), "{error}");
    let error = router.set_class_replica_share("payments", 101).unwrap_err();
    assert!(
        error.to_string().contains("101 % for the class `payments`"),
        "{error}"
    );
    assert_eq!(router.status().class_replica_shares, []);
    let too_much = Router::builder().class("payments", payments.replica_share(101));
    let (primary, replica) = nodes(&cluster);
    let built = too_much.primary(primary).replica(replica).build().await;
    assert!(built.unwrap_err().to_string().contains("`payments`"));
}

#[tokio::test]
async fn a_line_of_the_query_log_names_the_function_and_its_level() {
    let cluster = cluster();
    let router = router(&cluster).await;
    router.set_query_log(QueryLog::new()).unwrap();
    let session = router.session();
    let lines = super::Lines::default();
    let _heard = tracing::subscriber::set_default(lines.clone());
    in_session(&session).await.unwrap();
    eventually(&session).await.unwrap();
    set_locale(&session, "de").await.unwrap();
    let path = concat!(module_path!(), "::");
    let expected = [
        ("in_session", "session"),
        ("eventually", "eventual"),
        ("set_locale", "write"),
        ("set_locale", "write"),
    ];
    let expected =
        expected.map(|(function, level)| (format!("{path}{function}"), level.to_owned()));
    assert_eq!(lines.take(), expected);
}
