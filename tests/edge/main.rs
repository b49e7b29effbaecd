//! The edge of a service: sessions that come with a request, and leave with its response.

mod bad_input;
mod blocking;
mod caches;
#[path = "../connections/certificates.rs"]
#[allow(dead_code, reason = "others need the rest")]
mod certificates;
mod client;
mod layer;
mod levels;
mod nodes;
mod positions;
mod redis_server;
mod redis_tls;
mod reload;
mod scope;
mod scope_blocking;
mod stores;
mod strength;
mod strength_blocking;
mod timestamps;
