//! What a connection is opened with: its string, and TLS.

mod string;
#[allow(dead_code, reason = "where not every driver is compiled in")]
mod tls;

pub(crate) use string::ConnectionString;
#[allow(unused_imports, reason = "where not every driver is compiled in")]
pub(crate) use tls::{TlsMode, TlsOptions, no_tls};
