//! Configurations: what the documentation says of them, and files that are followed.

#![expect(clippy::unwrap_used, reason = "tests")]

mod docs;
mod file;
mod file_blocking;
mod world;
