//! Statements of several futures on one connection, as diesel-async's users write them for `&AsyncPgConnection`.

use diesel_routing::pg::{ReadConn, Router, Session, WriteConn};
use diesel_routing::prelude::*;
use diesel_routing::{CaughtUp, Error, Primary, Replica, Role, consistency};
use futures_util::future::{try_join, try_join_all};
use futures_util::{Stream, TryStreamExt};
use ui_tests::{NewUser, Post, User, posts, users};

async fn owned(session: &Session) -> Result<(Vec<User>, Vec<Post>), Error> {
    let conn = session.read().await?;
    Ok(tokio::try_join!(
        users::table.load::<User>(&mut &conn),
        posts::table.load::<Post>(&mut &conn)
    )?)
}

async fn reborrowed(conn: &ReadConn<Replica>) -> QueryResult<(Vec<User>, i64)> {
    tokio::try_join!(
        users::table.load(&mut &*conn),
        posts::table.count().get_result(&mut &*conn)
    )
}

async fn rebound(conn: &ReadConn<Replica>) -> QueryResult<(Vec<User>, i64)> {
    let mut conn = conn;
    let users = users::table.load(&mut conn);
    let posts = posts::table.count().get_result(&mut conn);
    try_join(users, posts).await
}

/// The futures outlive the variable.
fn made_elsewhere<R: Role>(
    mut conn: &ReadConn<R>,
) -> impl Future<Output = QueryResult<(User, Option<Post>)>> + Send {
    let user = users::table.find(1).first::<User>(&mut conn);
    let post = posts::table.find(1).first::<Post>(&mut conn);
    try_join(user, async { post.await.optional() })
}

async fn composed(conn: &mut ReadConn<CaughtUp>) -> QueryResult<()> {
    try_join(reborrowed(conn), rebound(conn)).await?;
    made_elsewhere(conn).await?;
    let conn = &*conn;
    let each = (1..9).map(|id| users::table.find(id).first::<User>(&mut &*conn));
    try_join_all(each).await?;
    streamed(conn).await?.try_collect::<Vec<_>>().await?;
    Ok(())
}

async fn streamed(conn: &ReadConn<CaughtUp>) -> QueryResult<impl Stream<Item = QueryResult<User>>> {
    users::table.load_stream(&mut &*conn).await
}

async fn locks(conn: &mut ReadConn<Primary>) -> QueryResult<(User, User)> {
    let lock = |id| users::table.find(id).for_update();
    conn.transaction(async |tx| {
        let conn = &*tx;
        try_join(lock(1).first(&mut &*conn), lock(2).first(&mut &*conn)).await
    })
    .await
}

async fn inserts(conn: &WriteConn) -> QueryResult<(usize, User)> {
    let insert = || diesel::insert_into(users::table).values(NewUser { name: "ann" });
    tokio::try_join!(
        insert().execute(&mut &*conn),
        insert().get_result(&mut &*conn)
    )
}

async fn in_a_transaction(conn: &mut WriteConn) -> QueryResult<()> {
    conn.transaction(async |tx| {
        try_join(inserts(tx), reborrowed(tx)).await?;
        // And alone again.
        diesel::delete(users::table).execute(tx).await?;
        Ok(())
    })
    .await
}

/// With diesel-async's own method, and in its generic code.
async fn by_diesels_own(conn: &WriteConn) -> QueryResult<()> {
    use diesel_async::{AsyncConnectionCore, SimpleAsyncConnection};

    async fn run<C: AsyncConnectionCore>(mut conn: C) -> QueryResult<()> {
        conn.batch_execute("ANALYZE users").await
    }
    let mut shared = conn;
    shared.batch_execute("ANALYZE users").await?;
    diesel_async::RunQueryDsl::execute(diesel::delete(users::table), &mut &*conn).await?;
    run(conn).await
}

#[consistency(session)]
async fn annotated(mut conn: &ReadConn<CaughtUp>, id: i32) -> Result<(User, Vec<Post>), Error> {
    let user = users::table.find(id).first(&mut conn);
    let posts = posts::table.load(&mut conn);
    Ok(try_join(user, posts).await?)
}

#[consistency(eventual, retry)]
async fn again(conn: &ReadConn<Replica>) -> Result<i64, Error> {
    Ok(users::table.count().get_result(&mut &*conn).await?)
}

#[consistency(class = "payments")]
async fn by_class(conn: &ReadConn<Primary>) -> Result<i64, Error> {
    Ok(users::table.count().get_result(&mut &*conn).await?)
}

#[consistency(write)]
async fn writes(conn: &WriteConn) -> Result<(usize, User), Error> {
    Ok(inserts(conn).await?)
}

async fn callers(router: &Router, session: &Session) -> Result<(), Error> {
    annotated(router, 1).await?;
    again(session).await?;
    by_class(session).await?;
    writes(session).await?;
    let caught_up = session.read().await?;
    tokio::try_join!(
        annotated(&caught_up, 1),
        annotated(&caught_up, 2),
        again(&caught_up)
    )?;
    let mut writer = session.write().await?;
    writes(&writer).await?;
    writer
        .transaction(async |tx| {
            annotated(&mut *tx, 1).await?;
            let tx = &*tx;
            try_join(annotated(tx, 1), by_class(tx)).await?;
            Ok(())
        })
        .await
}

fn is_send(router: Router) -> tokio::task::JoinHandle<Result<(), Error>> {
    tokio::spawn(async move {
        let session = router.session();
        owned(&session).await?;
        callers(&router, &session).await?;
        composed(&mut session.read().await?).await?;
        locks(&mut session.read_primary().await?).await?;
        let mut writer = session.write().await?;
        in_a_transaction(&mut writer).await?;
        Ok(by_diesels_own(&writer).await?)
    })
}
