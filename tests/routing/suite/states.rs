//! Waits until a router that watches knows its nodes.

use std::time::Instant;

use diesel_routing::NodeStatus;

use super::world::count;
use super::*;

pub(crate) fn status(router: &Router, name: &str) -> NodeStatus {
    let nodes = router.status().nodes;
    nodes.into_iter().find(|node| node.name == name).unwrap()
}

/// Waits until a read of any state comes from this node.
pub(crate) async fn until_read_from(router: &Router, name: &str) {
    let since = Instant::now();
    loop {
        let mut conn = wait!(router.read_eventual()).unwrap();
        let node = conn.route().node.to_owned();
        assert_eq!(count(&mut conn).await, 2);
        if node == name {
            return;
        }
        let late = since.elapsed() > Duration::from_secs(20);
        assert!(!late, "reads from {node}: {:?}", router.status());
    }
}

/// Waits until writes go to this node.
pub(crate) async fn until_written_to(router: &Router, name: &str) {
    let since = Instant::now();
    while !wait!(router.write()).is_ok_and(|conn| conn.route().node == name) {
        let late = since.elapsed() > Duration::from_secs(20);
        assert!(!late, "{:?}", router.status());
    }
}
