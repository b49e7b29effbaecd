//! Functions that run again, errors that know where they come from, and spans with the handle's fields.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_routing::{CaughtUp, Error, OptionalExt, Replica, consistency, is_not_found, sync};

use super::schema::users;
use super::{cluster, nodes};

/// What a replica says that cancels a query to go on replaying.
fn conflict() -> Error {
    let words = "canceling statement due to conflict with recovery".to_owned();
    DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new(words)).into()
}

#[derive(Debug, thiserror::Error)]
enum Mine {
    #[error("the database: {0}")]
    Database(#[from] Error),
    #[error("no such user")]
    NoUser,
}

mod asynchronous {
    use super::*;
    use diesel_routing::prelude::*;
    use diesel_routing::sqlite::{ReadConn, Router, Session};

    async fn router(cluster: &diesel_routing_testkit::SqliteCluster) -> Router {
        let (primary, replica) = nodes(cluster);
        let builder = Router::builder().primary(primary).replica(replica);
        builder.build().await.expect("a router")
    }

    #[consistency(session, retry)]
    async fn node(
        conn: &mut ReadConn<CaughtUp>,
        runs: &AtomicU32,
        fails: u32,
    ) -> Result<String, Error> {
        let locale: String = users::table
            .find(1)
            .select(users::locale)
            .first(&mut *conn)
            .await?;
        if runs.fetch_add(1, Ordering::Relaxed) < fails {
            return Err(conflict());
        }
        Ok(format!("{locale} on {}", conn.route().node))
    }

    struct Users;

    trait Names {
        fn name(&self, session: &Session) -> impl Future<Output = Result<String, Mine>> + Send;
    }

    impl Names for Users {
        #[consistency(eventual, retry)]
        async fn name(&self, session: &Session) -> Result<String, Mine> {
            let name = users::table.select(users::locale).first(session).await;
            name.map_err(|_| Mine::NoUser)
        }
    }

    #[consistency(session)]
    async fn missing(conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
        let user = users::table.find(99).select(users::locale);
        Ok(user.first(conn).await?)
    }

    #[consistency(eventual)]
    async fn broken(conn: &mut ReadConn<Replica>) -> Result<usize, Mine> {
        let sql = diesel_routing::sqlite::ReadSql::vouch("SELECT * FROM missing");
        Ok(sql.execute(conn).await.map_err(Error::from)?)
    }

    #[tokio::test]
    async fn a_function_that_retries_runs_once_more_on_another_node() {
        let cluster = cluster();
        let session = router(&cluster).await.session();
        let runs = AtomicU32::new(0);
        assert_eq!(node(&session, &runs, 0).await.unwrap(), "en on replica");
        assert_eq!(runs.swap(0, Ordering::Relaxed), 1);
        assert_eq!(node(&session, &runs, 1).await.unwrap(), "en on primary");
        assert_eq!(runs.swap(0, Ordering::Relaxed), 2);
        let error = node(&session, &runs, 9).await.unwrap_err();
        assert_eq!(runs.swap(0, Ordering::Relaxed), 2, "twice at most");
        assert_eq!(error.node(), Some("primary"), "{error}");

        // A handle of the caller's is used as it is.
        let mut conn = session.read().await.unwrap();
        assert!(node(&mut conn, &runs, 1).await.is_err());
        assert_eq!(runs.swap(0, Ordering::Relaxed), 1);
        assert_eq!(node(&mut conn, &runs, 0).await.unwrap(), "en on replica");
        assert_eq!(Users.name(&session).await.unwrap(), "en");
    }

    #[tokio::test]
    async fn errors_tell_where_the_statement_ran_and_what_was_not_found() {
        let cluster = cluster();
        let session = router(&cluster).await.session();
        let error = missing(&session).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        assert_eq!(missing(&session).await.optional().unwrap(), None);

        let error = broken(&session).await.unwrap_err();
        assert!(!is_not_found(&error));
        let path = concat!(module_path!(), "::broken");
        let Mine::Database(inside) = &error else {
            panic!("{error}");
        };
        assert_eq!(
            (inside.node(), inside.reason(), inside.function()),
            (Some("replica"), Some("eventual"), Some(path))
        );
        assert!(error.to_string().contains("no such table"), "{error}");

        // Through a transaction, and a `QueryResult`.
        let mut conn = session.write().await.unwrap();
        let error = conn
            .transaction(async |tx| {
                let set = users::id.eq(1);
                let twice = diesel::insert_into(users::table).values((set, users::locale.eq("fr")));
                let result: QueryResult<usize> = twice.execute(tx).await;
                Ok::<_, Error>(result?)
            })
            .await
            .unwrap_err();
        assert_eq!(
            (error.node(), error.reason()),
            (Some("primary"), Some("write"))
        );
        drop(conn);

        let error = session
            .reading(async |conn| users::table.find(99).first::<(i32, String)>(conn).await)
            .await
            .unwrap_err();
        assert!(error.is_not_found());
        assert_eq!(error.node(), Some("replica"));
    }

    #[tokio::test]
    async fn reading_fails_with_an_application_s_error() {
        let cluster = cluster();
        let session = router(&cluster).await.session();
        let error: Mine = session
            .reading(async |_| Err::<(), _>(Mine::NoUser))
            .await
            .unwrap_err();
        assert!(matches!(error, Mine::NoUser));
        let error: anyhow::Error = session
            .reading(async |_| anyhow::bail!("no such user") as anyhow::Result<()>)
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "no such user");
        session.router().close();
        let closed = session.reading(async |_| Err::<(), _>(Mine::NoUser)).await;
        assert!(matches!(
            closed,
            Err(Mine::Database(Error::Checkout { .. }))
        ));
    }

    /// First the attribute that makes the span, then ours: the handle is there for its fields.
    #[tracing::instrument(name = "counting", skip(conn), fields(node = conn.route().node))]
    #[consistency(session)]
    async fn count(conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
        Ok(users::table.count().get_result(conn).await?)
    }

    /// The other way round, its fields are of what the caller passes.
    #[consistency(session)]
    #[tracing::instrument(name = "counting", skip(conn))]
    async fn count_in(conn: &mut ReadConn<CaughtUp>, locale: &str) -> Result<i64, Error> {
        let users = users::table.filter(users::locale.eq(locale));
        Ok(users.count().get_result(conn).await?)
    }

    #[tokio::test]
    async fn a_span_above_the_attribute_has_fields_of_the_handle() {
        let cluster = cluster();
        let session = router(&cluster).await.session();
        let spans = Spans::default();
        let guard = tracing::subscriber::set_default(spans.clone());
        assert_eq!(count(&session).await.unwrap(), 1);
        assert_eq!(count_in(&session, "en").await.unwrap(), 1);
        drop(guard);
        spans.assert_has("counting node=\"replica\" ");
        spans.assert_has("counting locale=\"en\" ");
    }
}

mod blocking {
    use super::*;
    use sync::prelude::*;
    use sync::sqlite::{ReadConn, Router};

    fn router(cluster: &diesel_routing_testkit::SqliteCluster) -> Router {
        let (primary, replica) = nodes(cluster);
        let builder = Router::builder().primary(primary).replica(replica);
        builder.build().expect("a router")
    }

    #[consistency(session, retry)]
    fn node(conn: &mut ReadConn<CaughtUp>, runs: &AtomicU32, fails: u32) -> Result<String, Error> {
        let locale: String = users::table
            .find(1)
            .select(users::locale)
            .first(&mut *conn)?;
        if runs.fetch_add(1, Ordering::Relaxed) < fails {
            return Err(conflict());
        }
        Ok(format!("{locale} on {}", conn.route().node))
    }

    #[test]
    fn a_function_that_retries_runs_once_more_on_another_node() {
        let cluster = cluster();
        let session = router(&cluster).session();
        let runs = AtomicU32::new(0);
        assert_eq!(node(&session, &runs, 0).unwrap(), "en on replica");
        assert_eq!(runs.swap(0, Ordering::Relaxed), 1);
        assert_eq!(node(&session, &runs, 1).unwrap(), "en on primary");
        assert_eq!(runs.swap(0, Ordering::Relaxed), 2);
        assert!(node(&session, &runs, 9).is_err());
        assert_eq!(runs.swap(0, Ordering::Relaxed), 2, "twice at most");
        let mut conn = session.read().unwrap();
        assert!(node(&mut conn, &runs, 1).is_err());
        assert_eq!(runs.into_inner(), 1);
    }

    #[test]
    fn reading_fails_with_an_application_s_error() {
        let cluster = cluster();
        let session = router(&cluster).session();
        let error: Mine = session.reading(|_| Err::<(), _>(Mine::NoUser)).unwrap_err();
        assert!(matches!(error, Mine::NoUser));
        let error = session
            .reading(|conn| users::table.find(99).first::<(i32, String)>(conn))
            .unwrap_err();
        assert!(error.is_not_found());
        assert_eq!(error.node(), Some("replica"));
        let missing = ReadSql::vouch("SELECT * FROM missing");
        let error: Error = missing
            .execute(&mut session.read().unwrap())
            .unwrap_err()
            .into();
        assert_eq!(
            (error.node(), error.code()),
            (Some("replica"), "statement_failed")
        );
    }

    use sync::sqlite::ReadSql;

    #[tracing::instrument(name = "counting", skip(conn), fields(node = conn.route().node))]
    #[consistency(session)]
    fn count(conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
        Ok(users::table.count().get_result(conn)?)
    }

    #[consistency(session)]
    #[tracing::instrument(name = "counting", skip(conn))]
    fn count_in(conn: &mut ReadConn<CaughtUp>, locale: &str) -> Result<i64, Error> {
        let users = users::table.filter(users::locale.eq(locale));
        Ok(users.count().get_result(conn)?)
    }

    #[test]
    fn a_span_above_the_attribute_has_fields_of_the_handle() {
        let cluster = cluster();
        let session = router(&cluster).session();
        let spans = Spans::default();
        let guard = tracing::subscriber::set_default(spans.clone());
        assert_eq!(count(&session).unwrap(), 1);
        assert_eq!(count_in(&session, "en").unwrap(), 1);
        drop(guard);
        spans.assert_has("counting node=\"replica\" ");
        spans.assert_has("counting locale=\"en\" ");
    }
}

/// The spans that were made, each as its name and fields.
#[derive(Debug, Clone, Default)]
struct Spans(Arc<Mutex<Vec<String>>>);

impl Spans {
    fn assert_has(&self, span: &str) {
        let spans = self.0.lock().expect("no panic");
        assert!(spans.iter().any(|made| made == span), "{spans:?}");
    }
}

struct Fields(String);

impl tracing::field::Visit for Fields {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!("{}={value:?} ", field.name());
    }
}

impl tracing::Subscriber for Spans {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        let mut fields = Fields(format!("{} ", span.metadata().name()));
        span.record(&mut fields);
        self.0.lock().expect("no panic").push(fields.0);
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {}

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
