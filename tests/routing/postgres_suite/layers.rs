//! What only PostgreSQL shows of the statement check, and of server-side read-only connections.

use diesel::dsl::{exists, select, sql};
use diesel::sql_types::{BigInt, Integer, Text};
use diesel_routing::Finding;

use super::world::{World, count, is_marked, nodes};
use super::*;

diesel::define_sql_function! {
    fn pg_try_advisory_lock(key: BigInt) -> Bool;
}
diesel::define_sql_function! {
    fn pg_notify(channel: Text, payload: Text) -> Text;
}

/// What the check found, or a panic.
fn finding<T: std::fmt::Debug>(result: QueryResult<T>) -> Finding {
    let error = result.unwrap_err();
    match refusal(&error) {
        Refused::Statement { finding, .. } => finding.clone(),
        refused => panic!("{refused:?}"),
    }
}

#[test]
fn a_lock_nested_in_a_sub_select_is_found_wherever_diesel_lets_it_in() {
    run(async {
        let world = World::start(1).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let locking = || posts::table.select(posts::user_id).for_update();
        let in_filter = users::table.filter(users::id.eq_any(locking()));
        let found = [
            finding(wait!(in_filter.load::<User>(&mut conn))),
            finding(wait!(
                select(exists(locking())).get_result::<bool>(&mut conn)
            )),
            finding(wait!(
                select(locking().filter(posts::id.eq(1)).single_value())
                    .get_result::<Option<i32>>(&mut conn)
            )),
            finding(wait!(
                users::table
                    .filter(users::id.eq_any(posts::table.select(posts::user_id).for_key_share()))
                    .count()
                    .get_result::<i64>(&mut conn)
            )),
        ];
        let clauses = ["FOR UPDATE", "FOR UPDATE", "FOR UPDATE", "FOR KEY SHARE"];
        for (found, clause) in found.iter().zip(clauses) {
            assert!(
                matches!(found, Finding::RowLock { clause: of } if of == clause),
                "{found:?}"
            );
        }
    });
}

#[test]
fn a_nested_lock_is_granted_where_a_lock_is() {
    run(async {
        let world = World::start(0).await;
        let mut conn = wait!(world.router.read_primary()).unwrap();
        let nested = || {
            let locking = posts::table.select(posts::user_id).for_update();
            users::table.filter(users::id.eq_any(locking)).count()
        };
        finding(wait!(nested().get_result::<i64>(&mut conn)));
        let rows = wait!(conn.transaction(body!(|tx| -> QueryResult<i64> {
            wait!(nested().get_result(tx))
        })));
        assert_eq!(rows, Ok(2));
        let mut writer = wait!(world.router.write()).unwrap();
        assert_eq!(wait!(nested().get_result(&mut writer)), Ok(2));
    });
}

#[test]
fn side_effects_hidden_in_sql_fragments_are_found() {
    run(async {
        let world = World::start(1).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let next = select(sql::<BigInt>("nextval('users_id_seq')"));
        finding(wait!(next.get_result::<i64>(&mut conn)));
        let gone = sql::<Integer>("(WITH gone AS (DELETE FROM users RETURNING id) SELECT 1)");
        finding(wait!(select(gone).get_result::<i32>(&mut conn)));
        let lock = select(pg_try_advisory_lock(7));
        finding(wait!(lock.get_result::<bool>(&mut conn)));
        let note = select(pg_notify("channel", "payload"));
        finding(wait!(note.get_result::<String>(&mut conn)));
    });
}

#[test]
fn without_the_check_a_standby_locks_for_nobody() {
    run(async {
        let off = StatementCheck::new(CheckPolicy::Off);
        let world = World::with(1, |builder| builder.statement_check(off)).await;
        let mut replica = wait!(world.router.read_eventual()).unwrap();
        let mut primary = wait!(world.router.write()).unwrap();
        let lock = || select(pg_try_advisory_lock(7));
        // Why the check exists: both have the lock.
        assert_eq!(wait!(lock().get_result(&mut replica)), Ok(true));
        assert_eq!(wait!(lock().get_result(&mut primary)), Ok(true));
    });
}

#[test]
fn a_listed_function_can_be_allowed() {
    run(async {
        let check = StatementCheck::default().allow("pg_try_advisory_lock");
        let world = World::with(0, |builder| builder.statement_check(check)).await;
        let mut conn = wait!(world.router.read_primary()).unwrap();
        let lock = select(pg_try_advisory_lock(7));
        assert_eq!(wait!(lock.get_result(&mut conn)), Ok(true));
    });
}

#[test]
fn a_sequence_that_moved_counts_as_a_write_and_a_lock_does_not() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        let lock = select(pg_try_advisory_lock(7));
        assert_eq!(wait!(lock.get_result(&mut conn)), Ok(true));
        let row = users::table.find(1).for_update();
        wait!(row.first::<User>(&mut conn)).unwrap();
        assert!(!is_marked(&session).await);
        let next = select(sql::<BigInt>("nextval('users_id_seq')"));
        wait!(next.get_result::<i64>(&mut conn)).unwrap();
        assert!(is_marked(&session).await);
    });
}

#[test]
fn every_kind_of_smuggled_write_meets_a_read_only_connection() {
    run(async {
        let world = World::start(1).await;
        let mut replica = wait!(world.router.read_eventual()).unwrap();
        let mut primary = wait!(world.router.read_primary()).unwrap();
        for text in [
            "DELETE FROM users",
            "WITH gone AS (DELETE FROM users RETURNING id) SELECT id FROM gone",
            "SELECT nextval('users_id_seq')",
            "CREATE TABLE smuggled (id int)",
            "SELECT id FROM users FOR UPDATE",
        ] {
            for conn in [&mut replica, &mut *primary as &mut ReadConn<Replica>] {
                let error = wait!(ReadSql::vouch(text).execute(conn)).unwrap_err();
                Cluster::assert_read_only(&error);
            }
        }
        assert_eq!(count(&mut primary).await, 2);
    });
}

#[test]
fn write_connections_are_not_read_only() {
    run(async {
        let world = World::start(0).await;
        let mut conn = wait!(world.router.write()).unwrap();
        let mode = select(sql::<Text>(
            "current_setting('default_transaction_read_only')",
        ));
        assert_eq!(wait!(mode.get_result::<String>(&mut conn)).unwrap(), "off");
    });
}

#[derive(Debug, PartialEq, Eq, diesel::QueryableByName)]
struct DatabaseSession {
    #[diesel(sql_type = Integer)]
    pid: i32,
    #[diesel(sql_type = Text)]
    read_only: String,
}

async fn database_session(conn: &mut ReadConn<Replica>) -> DatabaseSession {
    let sql = "SELECT pg_backend_pid() AS pid, current_setting('default_transaction_read_only') AS read_only";
    wait!(ReadSql::check(sql).unwrap().get_result(conn)).unwrap()
}

/// Neither types nor the check see into a function of the database's.
#[test]
fn a_read_connection_that_a_function_has_opened_to_writes_is_closed_at_its_next_check() {
    run(async {
        let cluster = Cluster::start(1);
        let builder = || nodes(&cluster, 1).check_after_idle(Duration::ZERO);
        let by_window = wait!(builder().window_only().build()).unwrap();
        let by_position = wait!(builder().build()).unwrap();
        let session = by_position.session();
        let function = "CREATE FUNCTION open_up() RETURNS text LANGUAGE sql AS \
                        $$ SELECT set_config('default_transaction_read_only', 'off', false) $$";
        let mut writer = wait!(session.write()).unwrap();
        wait!(writer.batch_execute(function)).unwrap();
        drop(writer);
        // Then the replica has it as well.
        let waiting = session.waiting(Duration::from_secs(10));
        assert_eq!(wait!(waiting.read()).unwrap().route().node, "replica-0");

        for router in [by_window, by_position] {
            let opened = open_up(&mut wait!(router.read_primary()).unwrap()).await;
            let next = database_session(&mut wait!(router.read_primary()).unwrap()).await;
            assert_eq!(next.read_only, "on");
            assert_ne!(next.pid, opened.pid, "the opened one is closed");

            let opened = open_up(&mut wait!(router.read_eventual()).unwrap()).await;
            let next = database_session(&mut wait!(router.read_eventual()).unwrap()).await;
            assert_eq!(next.read_only, "on");
            assert_ne!(next.pid, opened.pid, "the opened one is closed");
        }
    });
}

async fn open_up(conn: &mut ReadConn<Replica>) -> DatabaseSession {
    let open_up = ReadSql::check("SELECT open_up()").unwrap();
    wait!(open_up.execute(conn)).unwrap();
    let opened = database_session(conn).await;
    assert_eq!(opened.read_only, "off");
    opened
}
