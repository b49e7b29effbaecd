//! The edge of a service: sessions that come with a request, and leave with its response.

mod bad_input;
mod client;
mod layer;
mod levels;
mod nodes;
mod positions;
mod scope;
mod scope_blocking;
