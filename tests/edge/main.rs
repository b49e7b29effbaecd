//! The edge of a service: sessions that come with a request, and leave with its response.

mod nodes;
mod scope;
mod scope_blocking;
