//! Shared handles under a test.

use super::world::name;
use super::*;

#[test]
fn a_shared_handle_knows_nothing_of_the_transaction_that_the_last_loan_left_open() {
    run(async {
        let cluster = Cluster::start(0);
        let test = TestRouter::new(cluster.primary_url()).await.unwrap();
        let row = || users::table.find(1).for_update();
        let mut conn = test.write().await.unwrap();
        let mut raw = conn.raw_counts_as_write().unwrap();
        AnsiTransactionManager::begin_transaction(&mut *raw)
            .await
            .unwrap();
        drop(raw);
        let reader: &ReadConn<Primary> = &conn;
        row().first::<User>(&mut &*reader).await.unwrap();
        drop(conn);
        let mut conn = test.write().await.unwrap();
        let reader: &ReadConn<Primary> = &conn;
        let error = row().first::<User>(&mut &*reader).await.unwrap_err();
        assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
        let update = diesel::update(users::table.find(1)).set(users::name.eq("anna"));
        update.execute(&mut &conn).await.unwrap();
        assert_eq!(name(&mut conn).await, "anna");
    });
}
