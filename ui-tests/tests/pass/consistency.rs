//! Every shape of function that `#[consistency(..)]` goes on.

mod asynchronous {
    use std::sync::Arc;

    use diesel_routing::pg::{ReadConn, Router, Session, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Error, Primary, Replica, consistency};

    diesel::table! { users { id -> Integer, name -> Text, } }
    diesel::table! { posts { id -> Integer, author -> Integer, } }
    diesel::allow_tables_to_appear_in_same_query!(users, posts);

    #[consistency(eventual)]
    pub(crate) async fn names(conn: &mut ReadConn<Replica>) -> Result<Vec<String>, Error> {
        Ok(users::table.select(users::name).load(conn).await?)
    }

    #[consistency(
        bounded = "250ms",
        wait = "20ms",
        class = "lists",
        name = "count users"
    )]
    async fn count(conn: &mut ReadConn<Replica>) -> Result<i64, Error> {
        Ok(users::table.count().get_result(conn).await?)
    }

    /// With a class alone, the handle's type has the level.
    #[consistency(class = "payments")]
    async fn paid(conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
        Ok(users::table.count().get_result(conn).await?)
    }

    #[consistency(class = "payments", name = "any count")]
    async fn paid_once(conn: &mut ReadConn<Replica>) -> Result<i64, Error> {
        Ok(users::table.count().get_result(conn).await?)
    }

    #[consistency(class = "payments")]
    async fn paid_and_locked(conn: &mut ReadConn<Primary>, id: i32) -> Result<String, Error> {
        conn.transaction(async |tx| {
            let query = users::table.find(id).select(users::name).for_update();
            Ok::<_, Error>(query.first(tx).await?)
        })
        .await
    }

    #[consistency(class = "payments")]
    async fn pay(conn: &mut WriteConn) -> Result<i64, Error> {
        let next = diesel::dsl::sql::<diesel::sql_types::BigInt>("nextval('ids')");
        let id: i64 = diesel::select(next).get_result(&mut *conn).await?;
        Ok(id + paid(&mut *conn).await? + paid_once(conn).await?)
    }

    struct Payments;

    #[consistency(class = "payments")]
    impl Payments {
        async fn count(&self, conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
            Ok(users::table.count().get_result(conn).await?)
        }
    }

    #[consistency(session, on = "reporting", or_fail)]
    async fn report(conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
        Ok(users::table.count().get_result(conn).await?)
    }

    #[consistency(bounded = "1s", or_any_replica, on = "search")]
    async fn found(conn: &mut ReadConn<Replica>) -> Result<i64, Error> {
        Ok(users::table.count().get_result(conn).await?)
    }

    /// Its documentation stays.
    #[consistency(session)]
    #[inline]
    async fn name(id: i32, conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
        if id < 0 {
            return Err(diesel::result::Error::NotFound.into());
        }
        Ok(users::table
            .find(id)
            .select(users::name)
            .first(conn)
            .await?)
    }

    #[consistency(strong)]
    async fn lock(conn: &mut ReadConn<Primary>, id: i32) -> Result<String, Error> {
        conn.transaction(async |tx| {
            let query = users::table.find(id).select(users::name).for_update();
            Ok::<_, Error>(query.first(tx).await?)
        })
        .await
    }

    #[consistency(strong)]
    async fn lock_and_more(conn: &mut WriteConn, id: i32) -> Result<String, Error> {
        Ok(users::table
            .find(id)
            .select(users::name)
            .for_update()
            .first(conn)
            .await?)
    }

    #[consistency(write)]
    async fn rename(conn: &mut WriteConn, id: i32, name: &str) -> Result<(), Error> {
        diesel::update(users::table.find(id))
            .set(users::name.eq(name))
            .execute(&mut *conn)
            .await?;
        // The handle is passed on: in the same transaction, if there is one.
        assert_eq!(self::name(id, &mut *conn).await?, name);
        names(conn).await?;
        Ok(())
    }

    #[consistency(write, untracked)]
    async fn audit(conn: &mut WriteConn) -> Result<usize, Error> {
        Ok(diesel::insert_into(users::table)
            .default_values()
            .execute(conn)
            .await?)
    }

    #[consistency(session)]
    async fn generic<T>(conn: &mut ReadConn<CaughtUp>, id: T, _: &str) -> Result<impl Send, Error>
    where
        T: Into<i32> + Send,
    {
        let id: i32 = id.into();
        Ok(users::table
            .find(id)
            .select(users::name)
            .first::<String>(conn)
            .await?)
    }

    #[derive(Debug)]
    enum AppError {
        Database(#[expect(dead_code, reason = "for Debug")] Error),
    }

    impl From<Error> for AppError {
        fn from(error: Error) -> Self {
            Self::Database(error)
        }
    }

    impl From<diesel::result::Error> for AppError {
        fn from(error: diesel::result::Error) -> Self {
            Self::Database(error.into())
        }
    }

    #[derive(Debug)]
    struct Users {
        table: String,
    }

    #[consistency(session)]
    impl Users {
        async fn by_id(&self, conn: &mut ReadConn<CaughtUp>, id: i32) -> Result<String, AppError> {
            let name: String = users::table
                .find(id)
                .select(users::name)
                .first(conn)
                .await?;
            Ok(format!("{}: {name}", self.table))
        }

        async fn remember(&mut self, conn: &mut ReadConn<CaughtUp>) -> Result<(), AppError> {
            self.table = users::table.select(users::name).first(conn).await?;
            Ok(())
        }

        async fn shared(self: Arc<Self>, conn: &mut ReadConn<CaughtUp>) -> Result<usize, AppError> {
            let all: Vec<i32> = users::table.select(users::id).load(conn).await?;
            Ok(all.len() + self.table.len())
        }

        #[consistency(write)]
        async fn clear(conn: &mut WriteConn) -> Result<usize, AppError> {
            Ok(diesel::delete(users::table).execute(conn).await?)
        }

        // No handle: left as it is.
        fn describe(&self, list: &mut Vec<String>) {
            list.push(self.table.clone());
        }
    }

    /// A trait's signature cannot change: it takes the session.
    #[async_trait::async_trait]
    trait Repository {
        async fn find(&self, session: &Session, id: i32) -> Result<String, Error>;
        async fn rename(&self, session: &Session, id: i32, name: &str) -> Result<(), Error>;
    }

    #[async_trait::async_trait]
    impl Repository for Users {
        #[consistency(session)]
        async fn find(&self, session: &Session, id: i32) -> Result<String, Error> {
            Ok(users::table
                .find(id)
                .select(users::name)
                .first(session)
                .await?)
        }

        #[consistency(write)]
        async fn rename(&self, session: &Session, id: i32, name: &str) -> Result<(), Error> {
            let user = diesel::update(users::table.find(id));
            user.set(users::name.eq(name)).execute(session).await?;
            Ok(())
        }
    }

    #[consistency(session)]
    #[async_trait::async_trait]
    impl PlainTrait for Users {
        async fn find(&self, session: &Session, id: i32) -> Result<String, Error> {
            Ok(users::table
                .find(id)
                .select(users::name)
                .first(session)
                .await?)
        }
    }

    #[async_trait::async_trait]
    trait PlainTrait {
        async fn find(&self, session: &Session, id: i32) -> Result<String, Error>;
    }

    #[consistency(session)]
    #[tracing::instrument(skip(conn))]
    async fn instrumented_inside(conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
        Ok(users::table.count().get_result(conn).await?)
    }

    #[tracing::instrument]
    #[consistency(session)]
    async fn instrumented_outside(conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
        Ok(users::table.count().get_result(conn).await?)
    }

    /// First the span, then the level: the handle is there for the span's fields.
    #[tracing::instrument(skip(conn), fields(node = conn.route().node))]
    #[consistency(session)]
    async fn instrumented_with_the_node(conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
        Ok(users::table.count().get_result(conn).await?)
    }

    /// The body may run twice, with all that a body has.
    #[consistency(session, retry, wait = "20ms")]
    async fn retried<T>(
        conn: &mut ReadConn<CaughtUp>,
        ids: &[T],
        name: &str,
        text: String,
    ) -> Result<Option<String>, AppError>
    where
        T: Copy + Into<i32> + Sync,
    {
        let Some(id) = ids.first() else {
            return Ok(None);
        };
        for id in ids {
            let user = users::table.find((*id).into()).select(users::name);
            let found: String = user.first(&mut *conn).await?;
            if found == name || found == text {
                return Ok(Some(found));
            }
        }
        let user = users::table.find((*id).into()).select(users::name);
        Ok(user.first(conn).await.optional()?)
    }

    #[consistency(eventual, retry)]
    async fn retried_with_impl(
        conn: &mut ReadConn<Replica>,
    ) -> Result<impl Iterator<Item = String>, Error> {
        let names: Vec<String> = users::table.select(users::name).load(conn).await?;
        Ok(names.into_iter())
    }

    /// Names of Diesel's on things that are not Diesel's.
    #[consistency(session)]
    async fn own_names(conn: &mut ReadConn<CaughtUp>) -> Result<u32, Error> {
        struct Shop;
        impl Shop {
            fn for_update(&self) -> u32 {
                1
            }
        }
        fn sql(text: &str) -> usize {
            text.len()
        }
        assert_eq!(sql("DELETE FROM users"), 17);
        names(conn).await?;
        Ok(Shop.for_update())
    }

    #[consistency(session)]
    async fn vouched(conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
        #[consistency(vouch)]
        let query = users::table
            .select(diesel::dsl::sql::<diesel::sql_types::Text>("nextval('x')"))
            .filter(users::id.eq_any(posts::table.select(posts::author).for_update()));
        Ok(query.first(conn).await?)
    }

    async fn sources(
        session: &Session,
        router: &Router,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
        write: &mut WriteConn,
    ) -> Result<(), AppError> {
        name(1, session).await?;
        name(1, router).await?;
        name(1, &mut *caught_up).await?;
        name(1, &mut *primary).await?;
        name(1, &mut *write).await?;
        names(caught_up).await?;
        paid(session).await?;
        paid(&mut *primary).await?;
        paid_once(router).await?;
        paid_and_locked(&mut *write, 1).await?;
        pay(session).await?;
        Payments.count(session).await?;
        lock(session, 1).await?;
        lock(&mut *primary, 1).await?;
        lock(&mut *write, 1).await?;
        lock_and_more(&mut *write, 1).await?;
        rename(session, 1, "a").await?;
        audit(router).await?;
        count(session).await?;
        generic(session, 1, "").await?;
        write
            .transaction(async |tx| {
                name(1, &mut *tx).await?;
                rename(&mut *tx, 1, "b").await
            })
            .await?;
        let mut users = Users {
            table: String::new(),
        };
        users.by_id(session, 1).await?;
        users.remember(session).await?;
        users.describe(&mut Vec::new());
        Repository::find(&users, session, 1).await?;
        Repository::rename(&users, session, 1, "c").await?;
        PlainTrait::find(&users, session, 1).await?;
        Users::clear(session).await?;
        Arc::new(users).shared(session).await?;
        instrumented_inside(session).await?;
        instrumented_outside(session).await?;
        instrumented_with_the_node(session).await?;
        retried(session, &[1], "", String::new()).await?;
        retried(&mut *write, &[1], "", String::new()).await?;
        drop(retried_with_impl(router).await?);
        own_names(session).await?;
        vouched(session).await?;
        Ok(())
    }

    fn spawned(session: Session) {
        tokio::spawn(async move { name(1, &session).await });
    }

    /// Repository functions serve code that is generic over what provides the handle.
    async fn twice(session: &Session) -> Result<(), Error> {
        let (one, other) = futures_util::join!(name(1, session), name(2, session));
        one.and(other).map(drop)
    }
}

mod blocking {
    use diesel_routing::sync::pg::{ReadConn, Router, Session, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Error, Primary, Replica, consistency};

    diesel::table! { users { id -> Integer, name -> Text, } }

    #[consistency(eventual)]
    fn names(conn: &mut ReadConn<Replica>) -> Result<Vec<String>, Error> {
        Ok(users::table.select(users::name).load(conn)?)
    }

    #[consistency(class = "payments")]
    fn paid(conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
        Ok(users::table.count().get_result(conn)?)
    }

    #[consistency(class = "payments")]
    fn pay(conn: &mut WriteConn) -> Result<i64, Error> {
        paid(conn)
    }

    #[consistency(session, wait = "50ms")]
    fn name(conn: &mut ReadConn<CaughtUp>, id: i32) -> Result<String, Error> {
        Ok(users::table.find(id).select(users::name).first(conn)?)
    }

    #[consistency(strong)]
    fn lock(conn: &mut ReadConn<Primary>, id: i32) -> Result<String, Error> {
        conn.transaction(|tx| {
            Ok(users::table
                .find(id)
                .select(users::name)
                .for_update()
                .first(tx)?)
        })
    }

    #[consistency(write)]
    fn rename(conn: &mut WriteConn, id: i32, new: &str) -> Result<(), Error> {
        diesel::update(users::table.find(id))
            .set(users::name.eq(new))
            .execute(&mut *conn)?;
        assert_eq!(name(conn, id)?, new);
        Ok(())
    }

    #[consistency(session)]
    fn depth(conn: &mut ReadConn<CaughtUp>, id: i32) -> Result<usize, Error> {
        if id == 0 {
            return Ok(0);
        }
        let parent: i32 = users::table.find(id).select(users::id).first(&mut *conn)?;
        Ok(1 + depth(&mut *conn, parent - 1)?)
    }

    trait Repository {
        fn find(&self, session: &Session, id: i32) -> Result<String, Error>;
    }

    struct Users;

    #[consistency(session)]
    impl Repository for Users {
        fn find(&self, session: &Session, id: i32) -> Result<String, Error> {
            Ok(users::table.find(id).select(users::name).first(session)?)
        }
    }

    fn sources(session: &Session, router: &Router, write: &mut WriteConn) -> Result<(), Error> {
        names(session)?;
        names(router)?;
        name(session, 1)?;
        name(&mut *write, 1)?;
        paid(session)?;
        pay(router)?;
        lock(session, 1)?;
        rename(session, 1, "a")?;
        depth(session, 1)?;
        Users.find(session, 1)?;
        write.transaction(|tx| rename(tx, 1, "b"))
    }
}
