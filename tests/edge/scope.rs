//! Sessions found without plumbing, in tasks.

use std::panic::AssertUnwindSafe;

use diesel_routing::sqlite::{ReadConn, Router, Session, WriteConn};
use diesel_routing::{
    ConfigError, Error, Level, Primary, Reason, Replica, Scope, consistency, prelude::*,
};
use futures_util::FutureExt;

use super::nodes::{router, set_theme, settings, stale_cluster, theme};

async fn current_theme() -> Result<(String, Reason), Error> {
    theme(&Session::current()?).await
}

fn is_outside() -> bool {
    matches!(
        Session::current(),
        Err(Error::Config(ConfigError::NoCurrentSession))
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn code_in_a_scope_continues_its_session() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let session = router.session();
    session
        .clone()
        .scope(async {
            set_theme(&Session::current()?, "dark").await?;
            assert_eq!(current_theme().await?, ("dark".into(), Reason::RecentWrite));
            Ok::<_, Error>(())
        })
        .await
        .expect("a scope");
    // It was that session, and no other.
    assert_eq!(theme(&session).await.expect("a row").0, "dark");
    assert_eq!(theme(&router.session()).await.expect("a row").0, "light");
    assert!(is_outside());
}

#[consistency(eventual)]
async fn any_theme(conn: &mut ReadConn<Replica>) -> Result<String, Error> {
    Ok(settings::table
        .find(1)
        .select(settings::theme)
        .first(conn)
        .await?)
}

#[consistency(session)]
async fn own_theme(session: &Session) -> Result<String, Error> {
    Ok(settings::table
        .find(1)
        .select(settings::theme)
        .first(session)
        .await?)
}

#[consistency(strong)]
async fn true_theme(conn: &mut ReadConn<Primary>) -> Result<String, Error> {
    Ok(settings::table
        .find(1)
        .select(settings::theme)
        .first(conn)
        .await?)
}

#[consistency(write)]
async fn change_theme(conn: &mut WriteConn, theme: &str) -> Result<(), Error> {
    let setting = diesel::update(settings::table.find(1));
    setting.set(settings::theme.eq(theme)).execute(conn).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn repository_functions_take_the_session_in_scope() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let visit = async {
        change_theme(&Session::current()?, "dark").await?;
        assert_eq!(own_theme(&Session::current()?).await?, "dark");
        assert_eq!(true_theme(&Session::current()?).await?, "dark");
        assert_eq!(any_theme(&Session::current()?).await?, "light");
        Ok::<_, Error>(())
    };
    router.session().scope(visit).await.expect("a visit");
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_any_scope_reads_go_to_the_primary_unless_they_are_eventual() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let outside = router.current();
    set_theme(&outside, "dark").await.expect("a write");
    let outside = router.current();
    assert_eq!(
        theme(&outside).await.expect("a row"),
        ("dark".into(), Reason::NoSession)
    );
    let conn = outside.read_eventual().await.expect("a connection");
    assert_eq!(conn.route().node, "replica");
    assert_eq!(own_theme(&outside).await.expect("a row"), "dark");
    assert_eq!(any_theme(&outside).await.expect("a row"), "light");
    // It is no session: reading does not bind it to what it saw.
    let upgraded = conn.upgrade(&outside).await.expect("a connection");
    assert_eq!(upgraded.route().reason, Reason::NoSession);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inner_scope_counts_until_it_ends_and_views_keep_their_settings() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let strong = router.session().at_level(Level::Strong);
    let reasons = router.session().scope(async {
        let inner = strong.scope(current_theme()).await?;
        Ok::<_, Error>((inner.1, current_theme().await?.1))
    });
    assert_eq!(
        reasons.await.expect("rows"),
        (Reason::Strong, Reason::NothingToCatchUp)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_routers_each_finds_its_own_session() {
    let (one, other) = (stale_cluster(), stale_cluster());
    let (one, other) = (router(&one).await, router(&other).await);
    let reason = async |router: &Router| theme(&router.current()).await.map(|(_, why)| why);
    let both = async {
        assert_eq!(reason(&one).await?, Reason::NothingToCatchUp);
        assert_eq!(reason(&other).await?, Reason::NothingToCatchUp);
        Ok::<_, Error>(())
    };
    let both = one.session().scope(other.session().scope(both));
    both.await.expect("rows");
    let one_only = one.session().scope(reason(&other));
    assert_eq!(one_only.await.expect("a row"), Reason::NoSession);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spawned_inherits_only_when_asked() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let spawn = async {
        let spawned = tokio::spawn(async { is_outside() });
        assert!(spawned.await.expect("a task"));
        let spawned = tokio::task::spawn_blocking(is_outside);
        assert!(spawned.await.expect("a thread"));

        let inherits = Scope::current().run(async { !is_outside() });
        assert!(tokio::spawn(inherits).await.expect("a task"));
        let scope = Scope::current();
        let inherits = tokio::task::spawn_blocking(move || scope.enter(|| !is_outside()));
        assert!(inherits.await.expect("a thread"));
    };
    router.session().scope(spawn).await;
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_leaks_to_the_next_user_of_a_thread_or_a_task() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    // A future that ends, one that is dropped half-way, and one that panics.
    router.session().scope(async {}).await;
    let mut half_way = Box::pin(router.session().scope(std::future::pending::<()>()));
    assert!(half_way.as_mut().now_or_never().is_none());
    assert!(is_outside(), "between two polls");
    drop(half_way);
    assert!(is_outside());
    let panics = router.session().scope(async { panic!("on purpose") });
    let caught: Result<(), _> = AssertUnwindSafe(panics).catch_unwind().await;
    assert!(caught.is_err());
    assert!(is_outside());
}

#[tokio::test(flavor = "current_thread")]
async fn what_a_scope_drops_is_dropped_in_the_scope() {
    struct Probe(std::rc::Rc<std::cell::Cell<Option<bool>>>);
    impl Drop for Probe {
        fn drop(&mut self) {
            self.0.set(Some(is_outside()));
        }
    }
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let outside = std::rc::Rc::new(std::cell::Cell::new(None));
    let probe = Probe(std::rc::Rc::clone(&outside));
    let future = router.session().scope(async move {
        let _probe = probe;
        std::future::pending::<()>().await;
    });
    drop(future);
    assert_eq!(outside.get(), Some(false));
}
