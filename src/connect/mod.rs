//! Connection strings and their TLS, passwords kept out of words, the request that hooks are told of, and settings of
//! database sessions.

mod database;
mod endpoints;
mod language;
mod password;
mod request;
mod secrets;
mod settings;
mod string;
#[allow(dead_code, reason = "where not every driver is compiled in")]
mod tls;

pub(crate) use database::{database_of, is_plain, with_database};
pub(crate) use endpoints::endpoints;
pub(crate) use language::{beginnings, language_of, name_of, scheme_of};
pub use language::{language_or_error, no_variant};
#[cfg(feature = "config")]
pub(crate) use password::with_password;
pub use request::{ConnectRequest, Purpose};
pub(crate) use secrets::conceal;
#[cfg(feature = "config")]
pub(crate) use secrets::has_password;
#[allow(unused_imports, reason = "where MySQL is not compiled in")]
pub(crate) use settings::RESERVED;
pub(crate) use settings::{SessionSettings, no_settings};
pub use settings::{SettingChange, SettingChanges, SettingValue};
pub(crate) use string::ConnectionString;
#[allow(unused_imports, reason = "where not every driver is compiled in")]
pub(crate) use tls::{TlsMode, TlsOptions, no_tls};
