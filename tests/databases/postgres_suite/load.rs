//! Tenants that work while nodes come and go.

use super::changing_load::Load;
use super::tenants::{Tenants, until_connections};
use super::*;

#[test]
fn nodes_come_and_go_through_any_router_while_tenants_work_and_no_read_fails() {
    run(async {
        let world = Tenants::start(2).await;
        let [a, b] = world.both();
        for router in [&a, &b] {
            let mut conn = wait!(router.write()).unwrap();
            wait!(conn.batch_execute("INSERT INTO users (id, name) VALUES (2, 'bob')")).unwrap();
        }
        world.cluster.catch_up();
        let loads = [&a, &b].map(|router| Load::start(router, 3));
        for through in [&world.router, &a, &b].repeat(3) {
            let changing = through.nodes();
            assert_eq!(wait!(changing.remove("replica-0")).unwrap(), 0);
            wait!(changing.add(world.cluster.replica(0))).unwrap();
            for load in &loads {
                load.goes_on();
            }
        }
        for load in loads {
            load.reads_from(&["replica-0"]);
            let tally = load.end();
            assert_eq!(tally.failed_reads, [""; 0]);
            assert_eq!(tally.failed_writes, [""; 0]);
            assert!(tally.nodes.contains("replica-0"), "{:?}", tally.nodes);
            assert!(tally.reads > 0 && tally.writes > 0, "{tally:?}");
        }
        let Tenants { router, cluster } = world;
        drop((router, a, b));
        for database in ["app", "tenant_a", "tenant_b"] {
            until_connections(&cluster, database, 0);
        }
    });
}
