//! What the sentences mean.

mod browser;
mod cluster;
mod operations;
mod pages;
mod sessions;
mod work;

/// The number of the user of this name.
fn number(name: &str) -> i32 {
    match name {
        "Ada" => 1,
        "Bilal" => 2,
        other => panic!("nobody in these stories is called {other}"),
    }
}

/// Whether a route is what a sentence says: `the primary`, `a replica`, or a node's name.
fn assert_came_from(node: &str, expected: &str) {
    match expected {
        "the primary" => assert_eq!(node, "db-1"),
        "a replica" => assert!(["db-2", "db-3"].contains(&node), "{node}"),
        name => assert_eq!(node, name.trim_matches('"')),
    }
}
