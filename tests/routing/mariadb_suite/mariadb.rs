//! What MariaDB does differently. A cluster takes a second, so each test takes several looks.

use diesel::dsl::{select, sql};
use diesel::result::Error::RollbackTransaction;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use diesel_routing::Finding;

use super::world::{World, count, is_marked, name, nodes, rename};
use super::*;

#[test]
fn a_session_reads_its_own_write_from_the_primary_and_then_from_the_replica() {
    run(async {
        let world = World::with_a_paused_replica().await;
        let session = world.router.session();
        let replica = wait!(session.read_eventual()).unwrap();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let mut conn = wait!(replica.upgrade(&session)).unwrap();
        assert_eq!(conn.route().to_string(), "primary (recent_write)");
        assert_eq!(name(&mut conn).await, "anna");
        let mut replica = wait!(session.read_eventual()).unwrap();
        assert_eq!(name(&mut replica).await, "ann");

        world.cluster.resume(0);
        world.cluster.catch_up();
        world.clock.advance(Duration::from_secs(5));
        let mut conn = wait!(session.read()).unwrap();
        assert_eq!(conn.route().to_string(), "replica-0 (nothing_to_catch_up)");
        assert_eq!(name(&mut conn).await, "anna");
    });
}

#[test]
fn the_server_lets_share_locks_and_user_locks_through_and_the_check_does_not() {
    run(async {
        let world = World::start(1).await;
        let mut replica = wait!(world.router.read_eventual()).unwrap();
        let share = "SELECT * FROM users LOCK IN SHARE MODE";
        let let_through = wait!(ReadSql::vouch(share).load::<User>(&mut replica));
        assert_eq!(let_through.unwrap().len(), 2, "why the check exists");
        let refused = ReadSql::check(share).unwrap_err();
        assert!(
            matches!(&refused, Refused::Statement { finding: Finding::RowLock { clause }, .. }
                if clause == "LOCK IN SHARE MODE"),
            "{refused:?}"
        );
        let nested = posts::table.select(posts::user_id).for_update();
        let nested = users::table.filter(users::id.eq_any(nested));
        let error = wait!(nested.load::<User>(&mut replica)).unwrap_err();
        assert!(matches!(
            refusal(&error),
            Refused::Statement {
                finding: Finding::RowLock { .. },
                ..
            }
        ));
        let lock = || select(sql::<BigInt>("GET_LOCK('job', 0)"));
        let error = wait!(lock().get_result::<i64>(&mut replica)).unwrap_err();
        assert!(
            matches!(refusal(&error), Refused::Statement {
                finding: Finding::SideEffect { function, .. }, ..
            } if function == "get_lock"),
            "{error:?}"
        );

        let off = StatementCheck::new(CheckPolicy::Off);
        let unchecked = wait!(nodes(&world.cluster, 1).statement_check(off).build()).unwrap();
        let mut replica = wait!(unchecked.read_eventual()).unwrap();
        let mut primary = wait!(unchecked.write()).unwrap();
        assert_eq!(wait!(lock().get_result(&mut replica)), Ok(1_i64));
        assert_eq!(
            wait!(lock().get_result(&mut primary)),
            Ok(1_i64),
            "both have it"
        );
    });
}

#[test]
fn read_pools_refuse_writes_on_replica_and_primary() {
    run(async {
        let world = World::start(1).await;
        let mut replica = wait!(world.router.read_eventual()).unwrap();
        let mut primary = wait!(world.router.read_primary()).unwrap();
        for text in [
            "INSERT INTO users (name) VALUES ('eve')",
            "SELECT * FROM users FOR UPDATE",
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
fn a_node_in_the_wrong_role_is_refused_where_all_must_be_there() {
    run(async {
        let cluster = Cluster::start(1);
        let standing_in = nodes_of(cluster.replica(0), None);
        let error = wait!(standing_in.require_all().build()).unwrap_err();
        assert!(
            matches!(&error, Error::WrongRole { node, found: NodeRole::ReplaysWrites, .. }
                if node == "replica-0"),
            "{error:?}"
        );
        let twin = Node::new("twin", format!("{}?", cluster.primary_url()));
        let twice = nodes_of(cluster.primary(), Some(twin)).require_all();
        let error = wait!(twice.build()).unwrap_err();
        assert!(
            matches!(&error, Error::WrongRole { node, found: NodeRole::TakesWrites, .. }
                if node == "twin"),
            "{error:?}"
        );
    });
}

#[test]
fn a_wrong_password_is_named_with_its_node_and_not_shown() {
    run(async {
        let cluster = Cluster::start(1);
        let url = cluster.primary_url().replace("//app@", "//app:hunter2@");
        let error = wait!(nodes_of(Node::new("primary", url), None).build()).unwrap_err();
        assert!(
            matches!(&error, Error::Checkout { node, step: Step::Connect, .. } if node == "primary"),
            "{error:?}"
        );
        let printed = format!("{error} {error:?}");
        assert!(
            printed.contains("Access denied") && !printed.contains("hunter2"),
            "{printed}"
        );
    });
}

fn nodes_of(primary: Node, replica: Option<Node>) -> Builder {
    replica
        .into_iter()
        .fold(builder().primary(primary), Builder::replica)
}

#[test]
fn writes_are_tracked_and_ddl_commits_what_a_rollback_cannot_undo() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        let undone = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            wait!(diesel::delete(users::table).execute(tx))?;
            Err(RollbackTransaction)
        })));
        assert_eq!(undone, Err(RollbackTransaction));
        let twin = diesel::insert_into(users::table).values(users::name.eq("ann"));
        wait!(twin.execute(&mut conn)).unwrap_err();
        assert_eq!(
            wait!(users::table.load::<User>(&mut conn)).unwrap().len(),
            2
        );
        assert!(!is_marked(&session).await);

        // What came before the DDL is committed with it.
        let committed = world.router.session();
        let mut conn = wait!(committed.write()).unwrap();
        let result = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            wait!(diesel::delete(users::table.find(2)).execute(tx))?;
            wait!(sql_query("CREATE TABLE pets (id INTEGER)").execute(tx))?;
            Err(RollbackTransaction)
        })));
        assert_eq!(result, Err(RollbackTransaction));
        assert_eq!(count(&mut conn).await, 1);
        assert!(is_marked(&committed).await);

        let batch = world.router.session();
        let mut conn = wait!(batch.write()).unwrap();
        let half =
            "INSERT INTO users (name) VALUES ('eve'); INSERT INTO users (name) VALUES ('ann')";
        wait!(conn.batch_execute(half)).unwrap_err();
        assert_eq!(count(&mut conn).await, 2);
        assert!(is_marked(&batch).await);
    });
}

#[test]
fn transactions_have_their_isolation_snapshots_one_view_and_locks_their_place() {
    run(async {
        let world = World::start(1).await;
        let mut reader = wait!(world.router.read_primary()).unwrap();
        let mut writer = wait!(world.router.write()).unwrap();
        let other = &mut writer;
        let seen = wait!(reader.snapshot(body!(|tx| -> QueryResult<i64> {
            // The view is fixed at the start, before the first read.
            wait!(diesel::delete(posts::table).execute(other))?;
            wait!(posts::table.count().get_result(tx))
        })));
        assert_eq!(seen, Ok(2));

        let row = users::table.find(1).for_update();
        let error = wait!(row.first::<User>(&mut reader)).unwrap_err();
        assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
        let other = &mut writer;
        wait!(reader.transaction(body!(|tx| -> QueryResult<()> {
            wait!(users::table.find(1).for_update().first::<User>(tx))?;
            let skipped = users::table.for_update().skip_locked();
            assert_eq!(wait!(skipped.load::<User>(other))?.len(), 1);
            Ok(())
        })))
        .unwrap();

        let read_only = writer.build_transaction().repeatable_read().read_only();
        let error = wait!(
            read_only
                .with_consistent_snapshot()
                .run(body!(|tx| -> QueryResult<usize> {
                    wait!(diesel::delete(users::table).execute(tx))
                }))
        )
        .unwrap_err();
        Cluster::assert_read_only(&error);
        assert_eq!(count(&mut writer).await, 2);
    });
}

/// The session's variable, in the words of MySQL and of MariaDB: each runs what one of the comments holds.
const MODE: &str = "/*!80003 @@session.transaction_read_only */ /*M! @@session.tx_read_only */";

/// Neither types nor the check see into a function of the database's.
#[test]
fn a_read_connection_that_a_function_has_opened_to_writes_is_closed_at_its_next_check() {
    run(async {
        let cluster = Cluster::start(1);
        let servers: &diesel_routing_testkit::MariaCluster = &cluster;
        let trusts = "SET GLOBAL log_bin_trust_function_creators = 1";
        servers.primary().admin_execute(trusts).unwrap();
        let builder = || nodes(&cluster, 1).check_after_idle(Duration::ZERO);
        let by_window = wait!(builder().window_only().build()).unwrap();
        let by_position = wait!(builder().build()).unwrap();
        let session = by_position.session();
        let function = format!(
            "CREATE FUNCTION open_up() RETURNS BIGINT DETERMINISTIC NO SQL BEGIN SET {MODE} = 0; RETURN {MODE}; END"
        );
        let mut writer = wait!(session.write()).unwrap();
        wait!(sql_query(function).execute(&mut writer)).unwrap();
        drop(writer);
        // Then the replica has it as well.
        let waiting = session.waiting(Duration::from_secs(10));
        assert_eq!(wait!(waiting.read()).unwrap().route().node, "replica-0");

        for router in [by_window, by_position] {
            let opened = open_up(&mut wait!(router.read_primary()).unwrap()).await;
            let next = id_and_mode(&mut wait!(router.read_primary()).unwrap()).await;
            assert_eq!(next.1, 1);
            assert_ne!(next.0, opened, "the opened one is closed");

            let opened = open_up(&mut wait!(router.read_eventual()).unwrap()).await;
            let next = id_and_mode(&mut wait!(router.read_eventual()).unwrap()).await;
            assert_eq!(next.1, 1);
            assert_ne!(next.0, opened, "the opened one is closed");
        }
    });
}

/// Opens the connection to writes, and returns its id.
async fn open_up(conn: &mut ReadConn<Replica>) -> i64 {
    let open_up = select(sql::<BigInt>("open_up()"));
    assert_eq!(wait!(open_up.get_result::<i64>(conn)), Ok(0));
    let id = select(sql::<BigInt>("CAST(CONNECTION_ID() AS SIGNED)"));
    wait!(id.get_result(conn)).unwrap()
}

#[derive(diesel::QueryableByName)]
struct IdAndMode {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    mode: i64,
}

async fn id_and_mode(conn: &mut ReadConn<Replica>) -> (i64, i64) {
    let sql =
        format!("SELECT CAST(CONNECTION_ID() AS SIGNED) AS id, CAST({MODE} AS SIGNED) AS mode");
    // For the comments.
    let row: IdAndMode = wait!(ReadSql::vouch(sql).get_result(conn)).unwrap();
    (row.id, row.mode)
}
