//! Sessions through gRPC, on a primary and a replica that stands still.

mod cluster;
mod service;
mod sessions;
