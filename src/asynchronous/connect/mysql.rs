//! Opens connections to MySQL and MariaDB.

use diesel::ConnectionResult;
use diesel_async::{AsyncConnection, AsyncMysqlConnection};

use crate::connect::{ConnectionString, TlsOptions};

/// Opens a connection as `url` says: what `mysql_async` takes, and `ssl_mode`, `ssl_ca`, `ssl_cert` and `ssl_key`.
pub(crate) async fn open(url: &str) -> ConnectionResult<AsyncMysqlConnection> {
    let Some(mut string) = ConnectionString::parse(url) else {
        return AsyncMysqlConnection::establish(url).await;
    };
    let options = TlsOptions::of_mysql(&mut string)?;
    // `mysql_async`'s own parameter, which it panics about where it has no TLS.
    let requires = string.get("require_ssl") == Some("true");
    let url = string.to_string();
    if options == TlsOptions::default() && !requires {
        return AsyncMysqlConnection::establish(&url).await;
    }
    with_tls(&url, options, requires).await
}

#[cfg(feature = "rustls")]
async fn with_tls(
    url: &str,
    options: TlsOptions,
    requires: bool,
) -> ConnectionResult<AsyncMysqlConnection> {
    use crate::connect::TlsMode;
    use diesel::ConnectionError;
    use mysql_async::{Conn, DriverError, Error, Opts, OptsBuilder};

    let opts = Opts::from_url(url)
        .map_err(|error| ConnectionError::InvalidConnectionUrl(error.to_string()))?;
    let given = opts.ssl_opts().cloned().filter(|_| options.mode.is_none());
    // As diesel-async has it.
    let opts = OptsBuilder::from_opts(opts)
        .stmt_cache_size(0)
        .client_found_rows(true);
    let connect = async |opts| match Conn::new(opts).await {
        Ok(conn) => AsyncMysqlConnection::try_from(conn).await.map(Ok),
        Err(error) => Ok(Err(error)),
    };
    // It names its causes.
    let failed = |error: Error| ConnectionError::BadConnection(error.to_string());
    let mode = options.mode.unwrap_or(match (&options.roots, requires) {
        (Some(_), false) => TlsMode::VerifyCa,
        (_, true) => TlsMode::VerifyFull,
        (None, false) => TlsMode::Prefer,
    });
    if mode == TlsMode::Disable {
        return connect(opts.ssl_opts(None)).await?.map_err(failed);
    }
    let ssl = move || crate::asynchronous::tls::mysql(mode, &options, given);
    let ssl = tokio::task::spawn_blocking(ssl).await;
    let ssl = ssl.map_err(|gone| ConnectionError::BadConnection(gone.to_string()))??;
    // There is no TLS over a socket, to which the driver would change.
    let opts = opts.prefer_socket(false).ssl_opts(ssl);
    match connect(opts.clone()).await? {
        Err(Error::Driver(DriverError::NoClientSslFlagFromServer)) if mode == TlsMode::Prefer => {
            connect(opts.ssl_opts(None)).await?.map_err(failed)
        }
        tried => tried.map_err(failed),
    }
}

#[cfg(not(feature = "rustls"))]
async fn with_tls(
    url: &str,
    options: TlsOptions,
    requires: bool,
) -> ConnectionResult<AsyncMysqlConnection> {
    use crate::connect::no_tls;

    if requires {
        return Err(no_tls("require_ssl"));
    }
    match options.mode {
        Some(mode) if mode.needs_tls() => Err(no_tls("ssl_mode")),
        None if options.roots.is_some() => Err(no_tls("ssl_ca")),
        _ => AsyncMysqlConnection::establish(url).await,
    }
}
