//! Ways around the types that compile: each is caught when it is used.

use super::world::{World, count, name, nodes, rename};
use super::*;

/// A world, and a session of it.
async fn world() -> (World, Session) {
    let world = World::start(1).await;
    let session = world.router.session();
    (world, session)
}

fn assert_swapped<T: std::fmt::Debug>(result: QueryResult<T>) {
    let error = result.unwrap_err();
    let refused = refusal(&error);
    assert!(
        matches!(refused, Refused::Swapped { node } if node == "replica-0"),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("std::mem::swap"), "{refused}");
}

#[test]
fn a_replicas_connection_swapped_into_a_write_handle_writes_nothing() {
    run(async {
        let (world, session) = world().await;
        let mut writer = wait!(session.write()).unwrap();
        let mut replica = wait!(session.read_eventual()).unwrap();
        let as_replica: &mut ReadConn<Replica> = &mut writer;
        std::mem::swap(as_replica, &mut replica);

        let all = diesel::delete(users::table);
        assert_swapped(wait!(all.execute(&mut writer)));
        let insert = diesel::insert_into(users::table).values(users::name.eq("eve"));
        assert_swapped(wait!(diesel_dsl::RunQueryDsl::execute(insert, &mut writer)));
        assert_swapped(wait!(writer.batch_execute("DELETE FROM users")));
        let changes = Rename {
            id: 1,
            name: "anna",
        };
        assert_swapped(wait!(changes.save_changes::<User>(&mut writer)));
        assert_swapped(writer.raw_counts_as_write().map(drop));
        assert_swapped(wait!(users::table.load::<User>(&mut writer)));
        assert_swapped(wait!(writer.transaction(body!(
            |tx| -> QueryResult<usize> { wait!(diesel::delete(users::table).execute(tx)) }
        ))));
        assert_swapped(wait!(writer.build_transaction().run(body!(
            |tx| -> QueryResult<usize> { wait!(diesel::delete(users::table).execute(tx)) }
        ))));
        assert_swapped(wait!(open_transaction(&mut writer)));

        let mut check = wait!(world.router.read_primary()).unwrap();
        assert_eq!(count(&mut check).await, 2);
        assert_eq!(name(&mut check).await, "ann");
        // The other handle promises less than it has now, and goes on.
        assert_eq!(count(&mut replica).await, 2);
    });
}

#[test]
fn a_replicas_connection_swapped_into_stronger_read_handles_reads_nothing() {
    run(async {
        let (_world, session) = world().await;
        let mut primary = wait!(session.read_primary()).unwrap();
        let mut replica = wait!(session.read_eventual()).unwrap();
        let as_replica: &mut ReadConn<Replica> = &mut primary;
        std::mem::swap(as_replica, &mut replica);
        assert_swapped(wait!(users::table.load::<User>(&mut primary)));
        assert_swapped(wait!(primary.snapshot(body!(|tx| -> QueryResult<i64> {
            wait!(users::table.count().get_result(tx))
        }))));
        assert_swapped(wait!(primary.transaction(body!(
            |tx| -> QueryResult<i64> { wait!(users::table.count().get_result(tx)) }
        ))));
        // Swapped back, both work again.
        let as_replica: &mut ReadConn<Replica> = &mut primary;
        std::mem::swap(as_replica, &mut replica);
        assert_eq!(count(&mut primary).await, 2);
        assert_eq!(count(&mut replica).await, 2);
    });
}

#[test]
fn a_lagging_connection_swapped_into_a_caught_up_handle_reads_nothing() {
    run(async {
        let (world, session) = world().await;
        world.cluster.pause(0);
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let mut caught_up = wait!(session.read()).unwrap();
        let mut replica = wait!(session.read_eventual()).unwrap();
        let as_replica: &mut ReadConn<Replica> = &mut caught_up;
        std::mem::swap(as_replica, &mut replica);
        let caught_up: &mut ReadConn<CaughtUp> = &mut caught_up;
        assert_swapped(wait!(users::table.load::<User>(caught_up)));
    });
}

#[test]
fn a_read_connection_of_the_primary_swapped_into_a_write_handle_writes_nothing() {
    run(async {
        let (world, session) = world().await;
        let mut writer = wait!(session.write()).unwrap();
        let mut reader = wait!(session.read_primary()).unwrap();
        let as_reader: &mut ReadConn<Primary> = &mut writer;
        std::mem::swap(as_reader, &mut reader);
        let error = wait!(diesel::delete(users::table).execute(&mut writer)).unwrap_err();
        assert!(
            matches!(refusal(&error), Refused::Swapped { node } if node == "primary"),
            "{error:?}"
        );
        drop((writer, reader));
        let mut check = wait!(world.router.read_primary()).unwrap();
        assert_eq!(count(&mut check).await, 2);
    });
}

#[test]
fn a_swap_in_the_middle_of_a_transaction_commits_nothing() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let session = world.router.session();
        let mut writer = wait!(session.write()).unwrap();
        let mut replica = wait!(session.read_eventual()).unwrap();
        let swapped = &mut replica;
        let result = wait!(writer.transaction(body!(|tx| -> QueryResult<()> {
            wait!(diesel::delete(users::table).execute(tx))?;
            let as_replica: &mut ReadConn<Replica> = &mut *tx;
            std::mem::swap(as_replica, swapped);
            assert_swapped(wait!(diesel::delete(posts::table).execute(tx)));
            Ok(())
        })));
        result.unwrap_err();
        drop((writer, replica));
        let mut check = wait!(world.router.read_primary()).unwrap();
        assert_eq!(count(&mut check).await, 2);
        let mut next = wait!(world.router.write()).unwrap();
        assert_eq!(
            count(&mut next).await,
            2,
            "the pool has no half-open transaction"
        );
        let mut next = wait!(world.router.read_eventual()).unwrap();
        assert_eq!(count(&mut next).await, 2);
    });
}

/// The inner one was `Ok`, though it had closed the outer one's transaction, and its own was lost.
#[test]
fn a_swap_of_two_open_transactions_is_an_error_and_commits_neither() {
    fn assert_swapped(result: QueryResult<()>) {
        let error = result.unwrap_err();
        let refused = refusal(&error);
        assert!(
            matches!(refused, Refused::SwappedInTransaction { node } if node == "primary"),
            "{refused:?}"
        );
    }
    run(async {
        let (world, session) = world().await;
        let mut writer = wait!(session.write()).unwrap();
        let mut reader = wait!(session.read_primary()).unwrap();
        let tx_of_writer = &mut writer;
        let outer = wait!(reader.snapshot(body!(|view| -> QueryResult<()> {
            let swapped = &mut *view;
            let inner = wait!(tx_of_writer.transaction(body!(|tx| -> QueryResult<()> {
                wait!(diesel::delete(users::table).execute(tx))?;
                let as_reader: &mut ReadConn<Primary> = &mut *tx;
                std::mem::swap(as_reader, swapped);
                Ok(())
            })));
            assert_swapped(inner);
            Ok(())
        })));
        assert_swapped(outer);
        drop((writer, reader));
        let mut check = wait!(world.router.read_primary()).unwrap();
        assert_eq!(count(&mut check).await, 2);
        let mut next = wait!(world.router.write()).unwrap();
        assert_eq!(
            count(&mut next).await,
            2,
            "no half-open transaction is lent"
        );
    });
}

#[test]
fn what_is_printed_of_handles_shows_the_route_and_no_url() {
    run(async {
        let (world, session) = world().await;
        let writer = wait!(session.write()).unwrap();
        let replica = wait!(session.read_eventual()).unwrap();
        for (printed, names) in [
            (format!("{writer:?}"), "primary"),
            (format!("{replica:?}"), "replica-0"),
            (format!("{session:?}"), "replica-0"),
            (format!("{:?}", world.router), "replica-0"),
            (format!("{:?}", nodes_of(&world)), "replica-0"),
        ] {
            assert!(printed.contains(names), "{printed}");
            assert!(
                !printed.contains("://") && !printed.contains('/'),
                "{printed}"
            );
        }
    });
}

fn nodes_of(world: &World) -> Builder {
    nodes(&world.cluster, 1)
}
