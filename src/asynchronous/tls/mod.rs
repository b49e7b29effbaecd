//! TLS for the async drivers, by rustls.

#[cfg_attr(
    not(feature = "postgres"),
    allow(dead_code, reason = "the ways of libpq")
)]
mod client;
mod files;
#[cfg(feature = "mysql")]
mod mysql;
mod verifier;

#[cfg(feature = "postgres")]
pub(super) use client::Client;
#[cfg(feature = "mysql")]
pub(super) use mysql::mysql;
