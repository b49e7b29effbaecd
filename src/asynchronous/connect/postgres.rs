//! Opens connections to PostgreSQL.

use diesel::connection::{Instrumentation, InstrumentationEvent, get_default_instrumentation};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, Error};

use crate::connect::{ConnectionString, TlsMode, TlsOptions};
use crate::error::error_chain;

/// Opens a connection as `url` says, which is what libpq takes. Tells Diesel's instrumentation of it.
pub(crate) async fn open(url: &str) -> ConnectionResult<AsyncPgConnection> {
    let mut instrumentation = get_default_instrumentation();
    let event = InstrumentationEvent::start_establish_connection(url);
    instrumentation.on_connection_event(event);
    let opened = connect(url).await;
    let error = opened.as_ref().err();
    let event = InstrumentationEvent::finish_establish_connection(url, error);
    instrumentation.on_connection_event(event);
    opened
}

async fn connect(url: &str) -> ConnectionResult<AsyncPgConnection> {
    let Some(mut string) = ConnectionString::parse(url) else {
        // It says what is wrong.
        return Err(config(url).err().unwrap_or_else(|| {
            ConnectionError::InvalidConnectionUrl("malformed connection string".to_owned())
        }));
    };
    let options = TlsOptions::of_postgres(&mut string)?;
    let mut config = config(&string.to_string())?;
    // There is no TLS over unix sockets, whatever the mode.
    let is_local = !config.get_hosts().is_empty()
        && config
            .get_hosts()
            .iter()
            .all(|host| !matches!(host, Host::Tcp(_)));
    if is_local {
        config.ssl_mode(SslMode::Disable);
        return attempt(&config, tokio_postgres::NoTls)
            .await
            .map_err(|error| failed(&error))?;
    }
    with_tls(config, options).await
}

#[cfg(feature = "rustls")]
async fn with_tls(mut config: Config, options: TlsOptions) -> ConnectionResult<AsyncPgConnection> {
    let client = crate::asynchronous::tls::Client::new(options)?;
    // The name that is asked for in the handshake; the driver has it from `host` alone.
    if config.get_hosts().is_empty() {
        for address in config.get_hostaddrs().to_vec() {
            config.host(address.to_string());
        }
    }
    let mode = client.mode;
    if mode == TlsMode::Disable {
        config.ssl_mode(SslMode::Disable);
        return attempt(&config, tokio_postgres::NoTls)
            .await
            .map_err(|error| failed(&error))?;
    }
    let tls = tokio::task::spawn_blocking(move || client.config());
    let tls = tls.await.map_err(|gone| failed(&gone))??;
    let tls = tokio_postgres_rustls::MakeRustlsConnect::new(tls);
    let (first, second) = match mode {
        TlsMode::Allow => (SslMode::Disable, Some(SslMode::Require)),
        TlsMode::Prefer => (SslMode::Prefer, Some(SslMode::Disable)),
        _ => (SslMode::Require, None),
    };
    config.ssl_mode(first);
    match (attempt(&config, tls.clone()).await, second) {
        (Err(error), Some(second)) if is_about_tls(&error) => {
            config.ssl_mode(second);
            // With neither, the first is what the user would rather have had.
            attempt(&config, tls).await.map_err(|_| failed(&error))?
        }
        (tried, _) => tried.map_err(|error| failed(&error))?,
    }
}

#[cfg(not(feature = "rustls"))]
async fn with_tls(mut config: Config, options: TlsOptions) -> ConnectionResult<AsyncPgConnection> {
    if options.mode.is_some_and(TlsMode::needs_tls) {
        return Err(crate::connect::no_tls("sslmode"));
    }
    config.ssl_mode(SslMode::Disable);
    attempt(&config, tokio_postgres::NoTls)
        .await
        .map_err(|error| failed(&error))?
}

/// Opens a connection in one way. The outer error is of the opening, the inner of the first statements.
async fn attempt<T>(config: &Config, tls: T) -> Result<ConnectionResult<AsyncPgConnection>, Error>
where
    T: tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket, Stream: Send + 'static>,
{
    let (client, connection) = config.connect(tls).await?;
    Ok(AsyncPgConnection::try_from_client_and_connection(client, connection).await)
}

/// Returns whether the server, or one of the two sides, will not have the connection with TLS, or without it.
#[cfg(feature = "rustls")]
fn is_about_tls(error: &Error) -> bool {
    use tokio_postgres::error::SqlState;

    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
        || error
            .to_string()
            .starts_with("error performing TLS handshake")
}

fn config(text: &str) -> ConnectionResult<Config> {
    text.parse()
        .map_err(|error: Error| ConnectionError::InvalidConnectionUrl(error_chain(&error)))
}

fn failed(error: &dyn std::error::Error) -> ConnectionError {
    ConnectionError::BadConnection(error_chain(error))
}

#[cfg(all(test, not(feature = "rustls")))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tls_without_its_feature_is_refused_with_the_features_name() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let url = format!("postgres://app@127.0.0.1:1/app?sslmode={mode}&sslrootcert=system");
            let error = open(&url).await.err().map(|error| error.to_string());
            let error = error.unwrap_or_default();
            assert!(
                error.contains("diesel-routing's feature `rustls`"),
                "{error}"
            );
        }
        let error = open("postgres://app@127.0.0.1:1/app?sslmode=prefer")
            .await
            .err();
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("refused"), "{error}");
    }
}
