//! What blocking Diesel alone has: unwinding through handles, migrations, generic helpers, iterators.

use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::connection::{DefaultLoadingMode, LoadConnection};
use diesel::migration::MigrationSource;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

use super::migrations::{pets, pets_and_toys};
use super::world::{World, count, is_marked, name};
use super::*;

async fn next_user_is_unharmed(world: &World) {
    let mut conn = world.router.write().unwrap();
    assert_eq!(count(&mut conn).await, 2);
    conn.transaction(|tx| diesel::delete(users::table.find(2)).execute(tx))
        .unwrap();
    drop(conn);
    let mut conn = world.router.read_primary().unwrap();
    assert_eq!(count(&mut conn).await, 1);
}

fn panicking_transaction(conn: &mut WriteConn) -> QueryResult<()> {
    conn.transaction(|tx| {
        diesel::delete(users::table).execute(tx)?;
        panic!("a bug in the body")
    })
}

#[test]
fn a_panic_inside_a_transaction_takes_the_connection_along() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let session = world.router.session();
        // The handle is dropped by the unwinding itself,
        let mut conn = session.write().unwrap();
        catch_unwind(AssertUnwindSafe(move || panicking_transaction(&mut conn))).unwrap_err();
        assert!(is_marked(&session).await, "its outcome is unknown");
        // or outlives it.
        let mut conn = session.write().unwrap();
        catch_unwind(AssertUnwindSafe(|| panicking_transaction(&mut conn))).unwrap_err();
        drop(conn);
        next_user_is_unharmed(&world).await;
    });
}

#[test]
fn a_panic_inside_a_snapshot_takes_the_connection_along() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let mut conn = world.router.read_eventual().unwrap();
        let body = |_: &mut ReadConn<Replica>| -> QueryResult<()> { panic!("a bug in the body") };
        catch_unwind(AssertUnwindSafe(|| conn.snapshot(body))).unwrap_err();
        drop(conn);
        let mut conn = world.router.read_eventual().unwrap();
        let rows = conn.snapshot(|tx| users::table.count().get_result::<i64>(tx));
        assert_eq!(rows, Ok(2));
    });
}

#[test]
fn migrations_run_on_a_write_handle_and_count() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let one = dir.path().join("2020-01-01-000000_add_pets");
        std::fs::create_dir(&one).unwrap();
        std::fs::write(one.join("up.sql"), "CREATE TABLE pets (id INTEGER)").unwrap();
        std::fs::write(one.join("down.sql"), "DROP TABLE pets").unwrap();
        let migrations = FileBasedMigrations::from_path(dir.path()).unwrap();

        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = session.write().unwrap();
        assert!(run_all(&mut conn, migrations.clone()) == 1);
        conn.batch_execute("INSERT INTO pets VALUES (1)").unwrap();
        assert!(!conn.has_pending_migration(migrations.clone()).unwrap());
        conn.revert_all_migrations(migrations).unwrap();
        conn.batch_execute("INSERT INTO pets VALUES (1)")
            .unwrap_err();
        drop(conn);
        assert!(is_marked(&session).await);
    });
}

#[test]
fn what_diesels_harness_ran_the_router_knows_and_the_other_way_round() {
    run(async {
        let world = World::start(0).await;
        let mut conn = world.router.write().unwrap();
        assert!(run_all(&mut conn, pets()) == 1);
        drop(conn);
        let ran = world.router.run_pending_migrations(pets_and_toys());
        assert_eq!(ran.unwrap(), ["2".into()]);
        let mut conn = world.router.write().unwrap();
        assert!(!conn.has_pending_migration(pets_and_toys()).unwrap());
    });
}

fn run_all<DB, S>(conn: &mut impl MigrationHarness<DB>, migrations: S) -> usize
where
    DB: diesel::backend::Backend,
    S: MigrationSource<DB>,
{
    conn.run_pending_migrations(migrations).unwrap().len()
}

/// A helper written for any connection of the backend.
fn insert<C>(conn: &mut C, name: &str) -> QueryResult<i64>
where
    C: Connection<Backend = <WriteConn as Connection>::Backend> + LoadConnection,
{
    diesel::RunQueryDsl::execute(
        diesel::insert_into(users::table).values(users::name.eq(name)),
        conn,
    )?;
    diesel::RunQueryDsl::get_result(users::table.count(), conn)
}

#[test]
fn a_helper_for_any_diesel_connection_takes_a_write_handle_and_is_tracked() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = session.write().unwrap();
        assert_eq!(insert(&mut conn, "eve"), Ok(3));
        let rows = Connection::transaction(&mut conn, |tx| insert(tx, "mallory"));
        assert_eq!(rows, Ok(4));
        drop(conn);
        assert!(is_marked(&session).await);
    });
}

#[test]
fn rows_are_iterated_on_every_handle_and_may_be_left_half_way() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let all = || users::table.order(users::id);
        let mut conn = world.router.read_eventual().unwrap();
        let mut rows = all()
            .load_iter::<User, DefaultLoadingMode>(&mut conn)
            .unwrap();
        assert_eq!(rows.next().unwrap().unwrap().name, "ann");
        drop(rows);
        assert_eq!(name(&mut conn).await, "ann");
        drop(conn);
        let session = world.router.session();
        let mut conn = session.write().unwrap();
        let rows = all().load_iter::<User, DefaultLoadingMode>(&mut conn);
        assert_eq!(rows.unwrap().count(), 2);
        drop(conn);
        assert!(!is_marked(&session).await);
    });
}

#[test]
fn rows_that_a_write_returns_count_also_when_left_half_way() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = session.write().unwrap();
        let mut rows = diesel::delete(users::table)
            .returning(users::id)
            .load_iter::<i32, DefaultLoadingMode>(&mut conn)
            .unwrap();
        assert!(rows.next().is_some());
        drop(rows);
        assert!(is_marked(&session).await, "while the handle is out");
        drop(conn);
    });
}

#[test]
fn handles_can_go_to_other_threads() {
    run(async {
        let world = World::start(1).await;
        let mut conn = world.router.session().write().unwrap();
        let thread = std::thread::spawn(move || users::table.count().get_result::<i64>(&mut conn));
        assert_eq!(thread.join().unwrap(), Ok(2));
    });
}
