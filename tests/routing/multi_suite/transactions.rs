//! Transactions of the enum: their words are those of its database.

use std::time::Duration;

use diesel::result::Error::RollbackTransaction;
use diesel_routing::sync::prelude::*;
use diesel_routing::{LockRowsDsl, Refused};

use super::world::{World, name, rename};
use super::{HAS_POSITIONS, LOCKS_ROWS};
use crate::flavour::{refusal, users};

#[test]
fn a_snapshot_has_one_view() {
    let world = World::start();
    let mut conn = world.router.read_primary().unwrap();
    let names = conn.snapshot(|tx| {
        let before = name(tx);
        rename(&mut world.router.write().unwrap(), "eve");
        QueryResult::Ok((before, name(tx)))
    });
    // SQLite's writer does not wait for readers: the test kit's files have a write-ahead log.
    assert_eq!(names, Ok(("ann".to_owned(), "ann".to_owned())));
    assert_eq!(name(&mut conn), "eve");
}

#[test]
fn what_is_rolled_back_is_undone_and_no_write_of_the_session() {
    let world = World::start();
    let session = world.router.session();
    let mut conn = session.write().unwrap();
    let rolled_back = conn.transaction::<(), _, _>(|tx| {
        rename(tx, "eve");
        let inner = tx.transaction::<(), _, _>(|tx| {
            rename(tx, "dan");
            Err(RollbackTransaction)
        });
        assert_eq!(inner, Err(RollbackTransaction));
        assert_eq!(name(tx), "eve");
        Err(RollbackTransaction)
    });
    assert_eq!(rolled_back, Err(RollbackTransaction));
    assert_eq!(name(&mut conn), "ann");
    drop(conn);
    // Where there are positions, once the replica has what was seen.
    let conn = session.waiting(Duration::from_secs(20)).read().unwrap();
    assert!(!conn.route().is_primary, "{:?}", conn.route());
}

#[test]
fn rows_are_locked_inside_a_transaction_alone() {
    let world = World::start();
    let mut conn = world.router.read_primary().unwrap();
    let query = users::table.select(users::id).lock_rows();
    let error = query.clone().load::<i32>(&mut conn).unwrap_err();
    assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
    let left = conn.transaction(|tx| {
        let all: Vec<i32> = query.clone().load(tx)?;
        assert_eq!(all.len(), 2);
        let mut other = world.router.read_primary().unwrap();
        other.transaction(|tx| query.clone().skip_locked().load::<i32>(tx))
    });
    let left = left.unwrap().len();
    assert_eq!(left, if LOCKS_ROWS { 0 } else { 2 });
}

#[test]
fn a_transaction_has_the_characteristics_that_it_is_built_with() {
    let world = World::start();
    let mut conn = world.router.write().unwrap();
    let written = conn.build_transaction().serializable().run(|tx| {
        let user = diesel::update(users::table.find(1));
        user.set(users::name.eq("eve")).execute(tx)
    });
    assert_eq!(written, Ok(1));
    if HAS_POSITIONS {
        let written = conn.build_transaction().read_only().run(|tx| {
            let user = diesel::update(users::table.find(1));
            user.set(users::name.eq("dan")).execute(tx)
        });
        super::Cluster::assert_read_only(&written.unwrap_err());
    }
    assert_eq!(name(&mut conn), "eve");
}
