//! Sessions through actix-web, on a primary and a replica that stands still.

mod blocking;
mod client;
mod cluster;
mod sessions;
mod streams;
