//! MySQL and MariaDB: the handles without the connection type.

pub(super) use diesel::connection::SimpleConnection;
pub(super) use diesel::{MysqlConnection as Raw, RunQueryDsl};

use diesel::connection::AnsiTransactionManager;
use diesel::{Connection, ConnectionError, ConnectionResult, MysqlConnection, QueryResult};

use crate::backend::mysql::{CIPHER, Cipher};
use crate::connect::{ConnectionString, TlsMode, TlsOptions};

pub use diesel_routing_macros::read_sql_mysql as read_sql;

/// [`ReadConn`](super::ReadConn) on MySQL and MariaDB.
pub type ReadConn<R> = super::ReadConn<R, MysqlConnection>;
/// [`WriteConn`](super::WriteConn) on MySQL and MariaDB.
pub type WriteConn = super::WriteConn<MysqlConnection>;
/// [`Router`](super::Router) on MySQL and MariaDB.
pub type Router = super::Router<MysqlConnection>;
/// [`TestRouter`](super::TestRouter) on MySQL and MariaDB.
#[cfg(feature = "test-util")]
pub type TestRouter = super::TestRouter<MysqlConnection>;
/// [`Session`](super::Session) on MySQL and MariaDB.
pub type Session = super::Session<MysqlConnection>;
/// [`ReadSql`](crate::ReadSql) on MySQL and MariaDB.
pub type ReadSql = crate::ReadSql<diesel::mysql::Mysql>;

/// Opens a connection. Of MariaDB's client library, versions ignore `ssl_mode`: whether there is TLS is asked of the server.
pub(super) fn open(url: &str) -> ConnectionResult<Raw> {
    let mode = match ConnectionString::parse(url) {
        Some(mut string) => TlsOptions::of_mysql(&mut string)?.mode,
        None => None,
    };
    let mut conn = Raw::establish(url).map_err(with_reason)?;
    if mode.is_some_and(TlsMode::needs_tls) {
        let cipher: Cipher = diesel::sql_query(CIPHER)
            .get_result(&mut conn)
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        cipher.check()?;
    }
    Ok(conn)
}

/// Adds the operating system's words to an error of the client library, which has their number alone: "Can't connect to server on
/// '10.0.0.1' (111)". MariaDB's tells only that it was still connecting, whatever came of that.
fn with_reason(error: ConnectionError) -> ConnectionError {
    let ConnectionError::BadConnection(words) = error else {
        return error;
    };
    let number = words
        .strip_suffix(')')
        .and_then(|words| words.rsplit_once('('));
    let number = number.and_then(|(_, number)| number.parse().ok());
    let reason = number.filter(|_| words.starts_with("Can't connect to"));
    ConnectionError::BadConnection(match reason.map(std::io::Error::from_raw_os_error) {
        Some(reason) if !reason.to_string().contains("in progress") => format!("{words}: {reason}"),
        _ => words,
    })
}

pub(super) fn begin_with(conn: &mut Raw, sql: &str) -> QueryResult<()> {
    AnsiTransactionManager::begin_transaction_sql(conn, sql)
}
