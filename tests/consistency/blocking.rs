use diesel_routing::sync::prelude::*;
use diesel_routing::sync::sqlite::{ReadConn, Router, Session, WriteConn};
use diesel_routing::{CaughtUp, Error, Primary, QueryLog, Reason, Replica, consistency};

use super::schema::users;
use super::{cluster, nodes};

type Seen = (String, String, Reason, Option<&'static str>);

fn look(conn: &mut ReadConn<Replica>) -> Result<Seen, Error> {
    let locale = users::table
        .find(1)
        .select(users::locale)
        .first(&mut *conn)?;
    let route = conn.route();
    Ok((locale, route.node.to_owned(), route.reason, route.function))
}

#[consistency(eventual)]
fn eventually(conn: &mut ReadConn<Replica>) -> Result<Seen, Error> {
    look(conn)
}

#[consistency(eventual, on = "reporting", or_primary)]
fn report(conn: &mut ReadConn<Replica>) -> Result<Seen, Error> {
    look(conn)
}

#[consistency(session)]
fn in_session(conn: &mut ReadConn<CaughtUp>) -> Result<Seen, Error> {
    look(conn)
}

#[consistency(strong)]
fn strongly(conn: &mut ReadConn<Primary>) -> Result<Seen, Error> {
    look(conn)
}

#[consistency(write)]
fn set_locale(conn: &mut WriteConn, locale: &str) -> Result<Seen, Error> {
    diesel::update(users::table.find(1))
        .set(users::locale.eq(locale))
        .execute(&mut *conn)?;
    eventually(conn)
}

/// The repository that a service is written against; tests of the service mock it.
#[mockall::automock]
trait Locales {
    fn locale(&self, session: &Session, id: i32) -> Result<String, Error>;
    fn set(&self, session: &Session, id: i32, locale: &str) -> Result<(), Error>;
}

struct Database;

#[consistency(session)]
impl Locales for Database {
    fn locale(&self, session: &Session, id: i32) -> Result<String, Error> {
        Ok(users::table.find(id).select(users::locale).first(session)?)
    }

    #[consistency(write)]
    fn set(&self, session: &Session, id: i32, locale: &str) -> Result<(), Error> {
        let user = diesel::update(users::table.find(id));
        user.set(users::locale.eq(locale)).execute(session)?;
        Ok(())
    }
}

fn greeting(locales: &dyn Locales, session: &Session) -> Result<&'static str, Error> {
    Ok(match locales.locale(session, 1)?.as_str() {
        "de" => "Guten Tag",
        _ => "Good day",
    })
}

fn router(cluster: &diesel_routing_testkit::SqliteCluster) -> Router {
    let (primary, replica) = nodes(cluster);
    let builder = Router::builder().primary(primary).replica(replica);
    builder.build().expect("a router")
}

#[test]
fn each_level_runs_where_it_may_and_a_session_sees_its_write() {
    let cluster = cluster();
    let session = router(&cluster).session();
    let at = |seen: Seen| (seen.0, seen.1);
    let (en, de) = (
        ("en".to_owned(), "replica".to_owned()),
        ("de".to_owned(), "primary".to_owned()),
    );
    assert_eq!(at(in_session(&session).unwrap()), en);
    assert_eq!(at(set_locale(&session, "de").unwrap()), de);
    assert_eq!(at(eventually(&session).unwrap()), en);
    assert_eq!(at(in_session(&session).unwrap()), de);
    assert_eq!(at(strongly(&session).unwrap()), de);
    let path = concat!(module_path!(), "::strongly");
    assert_eq!(strongly(session.router()).unwrap().3, Some(path));
}

#[test]
fn a_transaction_serves_on_its_own_connection() {
    let cluster = cluster();
    let session = router(&cluster).session();
    let mut conn = session.write().unwrap();
    conn.transaction(|tx| {
        set_locale(&mut *tx, "fr")?;
        assert_eq!(in_session(&mut *tx)?.0, "fr");
        assert_eq!(eventually(tx)?.0, "fr");
        Ok::<_, Error>(())
    })
    .unwrap();
}

#[test]
fn a_repository_behind_a_trait_is_routed_and_can_be_mocked() {
    let cluster = cluster();
    let session = router(&cluster).session();
    assert_eq!(greeting(&Database, &session).unwrap(), "Good day");
    Database.set(&session, 1, "de").unwrap();
    assert_eq!(greeting(&Database, &session).unwrap(), "Guten Tag");

    let mut mock = MockLocales::new();
    mock.expect_locale().returning(|_, _| Ok("de".to_owned()));
    let another = router(&cluster).session();
    assert_eq!(greeting(&mock, &another).unwrap(), "Guten Tag");
}

#[test]
fn a_function_asks_for_replicas_with_its_tag() {
    let cluster = cluster();
    let (primary, replica) = nodes(&cluster);
    let tagged = replica.tag("reporting").only_tagged();
    let router = Router::builder().primary(primary).replica(tagged);
    let router = router.build().expect("a router");
    assert_eq!(report(&router).unwrap().1, "replica");
    assert_eq!(eventually(&router.session()).unwrap().1, "primary");
}

#[test]
fn a_line_of_the_query_log_names_the_function_and_its_level() {
    let cluster = cluster();
    let router = router(&cluster);
    router.set_query_log(QueryLog::new()).unwrap();
    let session = router.session();
    let lines = super::Lines::default();
    let _heard = tracing::subscriber::set_default(lines.clone());
    in_session(&session).unwrap();
    eventually(&session).unwrap();
    set_locale(&session, "de").unwrap();
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
