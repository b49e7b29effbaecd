//! A sample of what Diesel can say: on a handle it does what it does on Diesel's own connection.

use diesel::dsl::{case_when, count_star, exists, max, not, select};
use diesel::sql_types::Integer;

use super::world::World;
use super::*;

pub(super) type Post = (i32, i32, String);

/// Ten more users, `user 3` to `user 12`; every second one has an age and two posts.
async fn fill(conn: &mut WriteConn) {
    for id in 3..=12 {
        let age = (id % 2 == 0).then_some(id * 5);
        let user = (users::name.eq(format!("user {id}")), users::age.eq(age));
        wait!(diesel::insert_into(users::table).values(user).execute(conn)).unwrap();
        if age.is_some() {
            for title in ["a", "b"] {
                let post = (posts::user_id.eq(id), posts::title.eq(title));
                wait!(diesel::insert_into(posts::table).values(post).execute(conn)).unwrap();
            }
        }
    }
}

macro_rules! all_agree {
    ($writer:ident, $reader:ident, $($type:ty: $query:expr;)*) => {$({
        let raw = {
            let mut raw = $writer.raw_counts_as_write().unwrap();
            wait!($query.load::<$type>(&mut *raw)).unwrap()
        };
        assert!(!raw.is_empty(), "{}", stringify!($query));
        let written = wait!($query.load::<$type>(&mut $writer)).unwrap();
        assert_eq!(written, raw, "{}", stringify!($query));
        let read = wait!($query.load::<$type>(&mut $reader)).unwrap();
        assert_eq!(read, raw, "{}", stringify!($query));
    })*};
}

#[test]
fn every_form_of_select_gives_the_same_rows_on_every_handle() {
    run(async {
        let world = World::start(1).await;
        let mut writer = wait!(world.router.write()).unwrap();
        fill(&mut writer).await;
        world.cluster.catch_up();
        let mut reader = wait!(world.router.read_eventual()).unwrap();
        let other = diesel::alias!(users as other);
        let by_id = || users::table.order(users::id);
        let with_posts = || posts::table.select(posts::user_id);
        all_agree! { writer, reader,
            User: by_id();
            User: users::table.find(3);
            User: users::table.filter(users::id.gt(3).and(users::age.is_not_null())).order(users::id);
            User: users::table.filter(users::id.eq(3)).or_filter(users::name.like("user 1%")).order(users::id);
            User: by_id().limit(3).offset(2);
            User: by_id().filter(users::id.eq_any(vec![1, 4, 6]));
            User: by_id().filter(users::id.eq_any(with_posts()));
            User: by_id().filter(not(users::id.eq_any(with_posts())));
            User: by_id().filter(exists(posts::table.filter(posts::user_id.eq(users::id))));
            User: by_id().filter(users::age.between(20, 40)).select(User::as_select());
            User: by_id().into_boxed().filter(users::id.ne(1));
            User: other.order(other.field(users::id));
            String: by_id().select(users::name);
            (String, Option<i32>): by_id().select((users::name, users::age));
            Option<i32>: users::table.select(users::age).distinct().order(users::age);
            i64: users::table.count();
            Option<i32>: users::table.select(max(users::age));
            i64: users::table.filter(users::age.is_null()).select(count_star());
            bool: select(exists(users::table.filter(users::name.eq("ann"))));
            i32: select(1.into_sql::<Integer>());
            i32: by_id().select(users::id + 1);
            i32: by_id().select(case_when(users::id.gt(5), 1.into_sql::<Integer>()).otherwise(0.into_sql::<Integer>()));
            (i32, i64): posts::table
                .group_by(posts::user_id)
                .having(count_star().gt(1))
                .select((posts::user_id, count_star()))
                .order(posts::user_id);
            (User, Post): users::table.inner_join(posts::table).order(posts::id);
            (User, Option<Post>): users::table.left_join(posts::table).order((users::id, posts::id));
            (i32, i32): users::table
                .inner_join(other.on(users::id.lt(other.field(users::id))))
                .select((users::id, other.field(users::id)))
                .order((users::id, other.field(users::id)));
            Option<String>: by_id().select(
                posts::table
                    .filter(posts::user_id.eq(users::id))
                    .order(posts::id)
                    .select(posts::title)
                    .limit(1)
                    .single_value()
            );
        }
        macro_rules! sorted {
            ($conn:expr, $query:expr) => {{
                let mut rows: Vec<i32> = wait!($query.load(&mut $conn)).unwrap();
                rows.sort_unstable();
                rows
            }};
        }
        let ids = || users::table.select(users::id);
        for (written, read, rows) in [
            (
                sorted!(writer, ids().union(with_posts())),
                sorted!(reader, ids().union(with_posts())),
                12,
            ),
            (
                sorted!(writer, ids().union_all(with_posts())),
                sorted!(reader, ids().union_all(with_posts())),
                24,
            ),
            (
                sorted!(writer, ids().intersect(with_posts())),
                sorted!(reader, ids().intersect(with_posts())),
                7,
            ),
            (
                sorted!(writer, ids().except(with_posts())),
                sorted!(reader, ids().except(with_posts())),
                5,
            ),
        ] {
            assert_eq!((written.len(), &written), (rows, &read));
        }
    });
}

#[derive(Insertable)]
#[diesel(table_name = users)]
pub(super) struct NewUser {
    id: Option<i32>,
    name: &'static str,
    age: Option<i32>,
}

pub(super) fn new(id: Option<i32>, name: &'static str) -> NewUser {
    NewUser {
        id,
        name,
        age: Some(1),
    }
}

/// Runs the same statements on Diesel's own connection to one database, and on a handle to another.
macro_rules! all_do_the_same {
    ($theirs:ident, $ours:ident, $($statement:expr;)*) => {$({
        let raw = {
            let mut raw = $theirs.raw_counts_as_write().unwrap();
            wait!($statement.execute(&mut *raw))
        };
        let written = wait!($statement.execute(&mut $ours));
        let words = |result: QueryResult<usize>| result.map_err(|error| error.to_string());
        assert_eq!(words(written), words(raw), "{}", stringify!($statement));
        let everybody = || users::table.order(users::id);
        let there: Vec<User> = wait!(everybody().load(&mut $theirs)).unwrap();
        let here: Vec<User> = wait!(everybody().load(&mut $ours)).unwrap();
        assert_eq!(here, there, "{}", stringify!($statement));
        let all = || posts::table.order(posts::id);
        let there: Vec<Post> = wait!(all().load(&mut $theirs)).unwrap();
        let here: Vec<Post> = wait!(all().load(&mut $ours)).unwrap();
        assert_eq!(here, there, "{}", stringify!($statement));
    })*};
}

#[allow(unused_imports, reason = "not every flavour has batches")]
pub(super) use all_do_the_same;

#[test]
fn every_form_of_write_changes_the_same_rows() {
    run(async {
        let (one, two) = (World::start(0).await, World::start(0).await);
        let mut theirs = wait!(one.router.session().write()).unwrap();
        let mut ours = wait!(two.router.session().write()).unwrap();
        let into_users = || diesel::insert_into(users::table);
        all_do_the_same! { theirs, ours,
            into_users().values(users::name.eq("tuple"));
            into_users().values((users::name.eq("pair"), users::age.eq(Some(3))));
            into_users().values(new(None, "struct"));
            into_users().values(&new(Some(50), "by reference"));
            into_users().values(users::name.eq("ann"));
            into_users().values(new(Some(1), "a taken key"));
            into_users().default_values();
            into_users().values(users::name.eq("ann")).on_conflict_do_nothing();
            into_users().values(users::name.eq("ann")).on_conflict(users::name).do_nothing();
            into_users()
                .values((users::name.eq("ann"), users::age.eq(31)))
                .on_conflict(users::name)
                .do_update()
                .set(users::age.eq(diesel::upsert::excluded(users::age)));
            users::table
                .select((users::id, users::name))
                .filter(users::id.lt(3))
                .insert_into(posts::table)
                .into_columns((posts::user_id, posts::title));
            diesel::update(users::table.find(1)).set(users::age.eq(users::age + 1));
            diesel::update(users::table.filter(users::id.gt(50)))
                .set((users::age.eq(None::<i32>), users::name.eq(users::name)));
            diesel::update(users::table).set(users::age.eq(7)).filter(users::name.like("batch%")).into_boxed();
            diesel::update(users::table).set(users::name.eq("all the same"));
            diesel::update(users::table.find(-1)).set(users::name.eq("nobody"));
            diesel::update(users::table.find(2)).set(&Rename { id: 2, name: "robert" });
            diesel::delete(users::table.find(50));
            diesel::delete(posts::table.filter(posts::user_id.eq_any(users::table.select(users::id))));
            diesel::delete(users::table).filter(users::id.eq(60)).into_boxed();
            diesel::delete(users::table.filter(users::id.gt(1)).or_filter(users::name.eq("pair")));
            diesel::delete(users::table);
        }
    });
}

#[test]
fn what_a_write_returns_is_the_same() {
    run(async {
        let world = World::start(0).await;
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        let eve = diesel::insert_into(users::table).values(users::name.eq("eve"));
        let id: i32 = wait!(eve.returning(users::id).get_result(&mut conn)).unwrap();
        assert_eq!(id, 3);
        let older = diesel::update(users::table.filter(users::age.is_null())).set(users::age.eq(1));
        let mut older: Vec<User> = wait!(older.get_results(&mut conn)).unwrap();
        older.sort_by_key(|user| user.id);
        let names: Vec<_> = older.iter().map(|user| user.name.as_str()).collect();
        assert_eq!(names, ["bob", "eve"]);
        let gone = diesel::delete(users::table.find(3)).returning(users::name);
        let gone: String = wait!(gone.get_result(&mut conn)).unwrap();
        assert_eq!(gone, "eve");
        let none = diesel::delete(users::table.find(3)).returning(users::name);
        let none: QueryResult<String> = wait!(none.get_result(&mut conn));
        assert_eq!(none, Err(diesel::result::Error::NotFound));
    });
}
