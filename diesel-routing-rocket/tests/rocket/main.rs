//! Sessions through Rocket, on a primary and a replica that stands still.

mod blocking;
mod cluster;
mod sessions;
