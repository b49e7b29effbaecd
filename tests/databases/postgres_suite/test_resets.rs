//! Changes of the database session that a test's handles leave behind.

use super::world::{name, rename};
use super::*;

#[test]
fn what_was_done_to_the_database_session_is_gone_with_the_handle() {
    run(async {
        let cluster = Cluster::start(0);
        let test = wait!(TestRouter::new(cluster.primary_url())).unwrap();
        let mut conn = wait!(test.write()).unwrap();
        rename(&mut conn, "anna").await;
        wait!(conn.batch_execute(CHANGES)).unwrap();
        drop(conn);
        let mut conn = wait!(test.read_primary()).unwrap();
        assert_eq!(name(&mut conn).await, "anna");
    });
}
