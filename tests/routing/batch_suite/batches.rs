//! Batches of rows, which diesel-async does not insert into SQLite.

use super::sample::{NewUser, Post, all_do_the_same, new};
use super::world::{World, is_marked};
use super::*;

#[test]
fn every_form_of_batch_inserts_the_same_rows() {
    run(async {
        let (one, two) = (World::start(0).await, World::start(0).await);
        let mut theirs = wait!(one.router.session().write()).unwrap();
        let mut ours = wait!(two.router.session().write()).unwrap();
        let into_users = || diesel::insert_into(users::table);
        all_do_the_same! { theirs, ours,
            into_users().values(vec![new(None, "batch 1"), new(Some(60), "batch 2")]);
            into_users().values(&vec![new(Some(61), "batch 3"), new(None, "batch 4")]);
            into_users().values([new(Some(70), "array 1"), new(Some(71), "array 2")]);
            into_users().values(vec![users::name.eq("column 1"), users::name.eq("column 2")]);
            into_users().values(Vec::<NewUser>::new());
            into_users().values(vec![new(None, "new"), new(None, "ann")]);
            into_users().values(vec![users::name.eq("newer"), users::name.eq("ann")]).on_conflict_do_nothing();
        }
    });
}

#[test]
fn a_batch_counts_as_a_write_and_one_in_a_rolled_back_transaction_does_not() {
    run(async {
        let world = World::start(1).await;
        let (committed, undone) = (world.router.session(), world.router.session());
        let batch = || vec![new(None, "one"), new(None, "two")];
        let mut conn = wait!(undone.write()).unwrap();
        let result = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            wait!(
                diesel::insert_into(users::table)
                    .values(batch())
                    .execute(tx)
            )?;
            Err(diesel::result::Error::RollbackTransaction)
        })));
        result.unwrap_err();
        drop(conn);
        assert!(!is_marked(&undone).await);
        let mut conn = wait!(committed.write()).unwrap();
        let insert = diesel::insert_into(users::table).values(batch());
        assert_eq!(wait!(insert.execute(&mut conn)), Ok(2));
        assert!(is_marked(&committed).await);
    });
}
