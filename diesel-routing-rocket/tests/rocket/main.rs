//! Sessions through Rocket, on a primary and a replica that stands still.

mod blocking;
/// The same cluster as for actix-web.
#[path = "../../../diesel-routing-actix/tests/actix/cluster.rs"]
mod cluster;
mod sessions;
