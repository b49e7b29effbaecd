//! Every SELECT that takes no lock, on a handle that may be a replica.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::{count_star, exists, max, not, sql};
use diesel::pg::expression::extensions::{OnlyDsl, TablesampleDsl};
use diesel::query_dsl::positional_order_dsl::PositionalOrderDsl;
use diesel::sql_types::{BigInt, Integer, Text};
use diesel_routing::Replica;
use ui_tests::{Post, User, posts, users};

diesel::define_sql_function! {
    fn lower(text: Text) -> Text;
}

/// The same queries for both flavours: `await` is what differs.
macro_rules! selects {
    ($conn:ident $(, $await:tt)?) => {{
        users::table.load::<User>($conn)$(.$await)??;
        users::table.find(1).first::<User>($conn)$(.$await)??;
        users::table.select(User::as_select()).get_results($conn)$(.$await)??;
        users::table.filter(users::id.gt(1)).or_filter(lower(users::name).eq("ann"))
            .order((users::name, users::id.desc())).limit(5).offset(5)
            .load::<User>($conn)$(.$await)??;
        users::table.find(1).select(users::name).get_result::<String>($conn)$(.$await)?.optional()?;

        users::table.inner_join(posts::table).load::<(User, Post)>($conn)$(.$await)??;
        users::table.left_join(posts::table).select((users::name, posts::title.nullable()))
            .load::<(String, Option<String>)>($conn)$(.$await)??;
        let ann = User { id: 1, name: "Ann".into() };
        Post::belonging_to(&ann).select(Post::as_select()).load($conn)$(.$await)??;

        let (author, friend) = diesel::alias!(users as author, users as friend);
        author.inner_join(friend.on(author.field(users::id).eq(friend.field(users::id))))
            .select(author.field(users::name)).load::<String>($conn)$(.$await)??;
        users::table.only().load::<User>($conn)$(.$await)??;
        users::table.tablesample_bernoulli(10).load::<User>($conn)$(.$await)??;

        users::table.distinct().load::<User>($conn)$(.$await)??;
        users::table.distinct_on(users::name).load::<User>($conn)$(.$await)??;
        users::table.count().get_result::<i64>($conn)$(.$await)??;
        users::table.group_by(users::name).having(count_star().gt(1)).select((users::name, count_star()))
            .load::<(String, i64)>($conn)$(.$await)??;
        users::table.select(max(users::id).over().partition_by(users::name))
            .load::<Option<i32>>($conn)$(.$await)??;

        let writers = posts::table.select(posts::user_id);
        users::table.filter(users::id.eq_any(writers)).load::<User>($conn)$(.$await)??;
        users::table.filter(not(exists(writers.filter(posts::user_id.eq(users::id)))))
            .load::<User>($conn)$(.$await)??;
        users::table.select((users::name, writers.limit(1).single_value()))
            .load::<(String, Option<i32>)>($conn)$(.$await)??;
        diesel::select(exists(users::table.find(1))).get_result::<bool>($conn)$(.$await)??;
        diesel::select(sql::<Integer>("1")).get_result::<i32>($conn)$(.$await)??;
        users::table.filter(sql::<diesel::sql_types::Bool>("id % 2 = 0")).load::<User>($conn)$(.$await)??;

        let ids = || users::table.select(users::id);
        ids().union(writers).load::<i32>($conn)$(.$await)??;
        ids().union_all(writers).load::<i32>($conn)$(.$await)??;
        ids().intersect(writers).load::<i32>($conn)$(.$await)??;
        ids().except(writers).positional_order_by(1).limit(5).load::<i32>($conn)$(.$await)??;

        let mut boxed = users::table.into_boxed();
        for id in [1, 2] {
            boxed = boxed.or_filter(users::id.eq(id));
        }
        boxed.load::<User>($conn)$(.$await)??;
        ids().into_boxed().first::<i32>($conn)$(.$await)??;
        let query = ids();
        (&query).load::<i32>($conn)$(.$await)??;
    }};
}

mod asynchronous {
    use super::*;
    use diesel_routing::pg::{ReadConn, read_sql};
    use diesel_routing::prelude::*;
    use futures_util::TryStreamExt;

    async fn select(conn: &mut ReadConn<Replica>) -> QueryResult<i64> {
        selects!(conn, await);
        let _: Vec<User> = users::table
            .load_stream::<User>(conn)
            .await?
            .try_collect()
            .await?;
        let sql = read_sql!("SELECT id, name FROM users WHERE id = $1");
        let _: User = sql.bind::<Integer, _>(1).get_result(conn).await?;
        diesel::select(1.into_sql::<BigInt>())
            .get_result(conn)
            .await
    }
}

mod blocking {
    use super::*;
    use diesel_routing::sync::pg::{ReadConn, ReadSql};
    use diesel_routing::sync::prelude::*;

    fn select(conn: &mut ReadConn<Replica>) -> QueryResult<i64> {
        selects!(conn);
        let rows = users::table.load_iter::<User, DefaultLoadingMode>(conn)?;
        let _: Vec<User> = rows.collect::<QueryResult<_>>()?;
        let _: Vec<User> = ReadSql::vouch("SELECT id, name FROM users").load(conn)?;
        diesel::select(1.into_sql::<BigInt>()).get_result(conn)
    }
}
