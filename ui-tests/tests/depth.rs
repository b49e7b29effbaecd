//! Callers' futures stay within what the compiler follows: it gives up at 128 levels of types unless a crate raises its limit, and
//! the frames of an application come on top of ours.

#![recursion_limit = "90"]

use diesel_routing::pg::{Router, Session};
use diesel_routing::{Error, Node};

/// Has the compiler lay out what a caller waits for.
fn sizes(router: &Router, session: &Session, node: Node) -> [usize; 6] {
    [
        size_of_val(&async { session.read().await.map(drop) }),
        size_of_val(&async { session.read_eventual().await.map(drop) }),
        size_of_val(&async { session.write().await.map(drop) }),
        size_of_val(&async { session.token().await.map(drop) }),
        size_of_val(&async { router.nodes().add(node).await.map(drop) }),
        size_of_val(&async { Ok::<_, Error>(Router::builder().build().await?) }),
    ]
}

#[test]
fn futures_of_checkouts_leave_levels_to_their_callers() {
    // Compiling is the test.
    let _ = sizes;
}
