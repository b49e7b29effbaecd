//! The TLS client that libpq's parameters describe.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::ConnectionError;
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;

use super::files::{certificates, key, of_home, store, trusted_by_system};
use super::verifier::{Proof, Verifier};
use crate::connect::{TlsMode, TlsOptions};

/// The value of `sslrootcert` that stands for what the system trusts.
const SYSTEM: &str = "system";

/// The TLS that a connection string asks for, with libpq's defaults.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) mode: TlsMode,
    options: TlsOptions,
}

impl Client {
    /// Completes `options` as libpq does.
    pub(crate) fn new(options: TlsOptions) -> Result<Self, ConnectionError> {
        let is_system = options.roots.as_deref() == Some(SYSTEM);
        let default = if is_system {
            TlsMode::VerifyFull
        } else {
            TlsMode::Prefer
        };
        let mode = options.mode.unwrap_or(default);
        // Anybody can have a certificate from one of the system's authorities, for another name.
        if is_system && mode != TlsMode::VerifyFull {
            return Err(ConnectionError::InvalidConnectionUrl(
                "`sslrootcert=system` needs `sslmode=verify-full`: certificates of public authorities prove a name, and \
                 nothing else"
                    .to_owned(),
            ));
        }
        Ok(Self { mode, options })
    }

    /// Returns rustls' configuration. Reads files, each time anew: certificates are renewed.
    pub(crate) fn config(&self) -> Result<ClientConfig, ConnectionError> {
        let provider = provider();
        let verifier = Verifier::new(self.proof()?, &provider);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match self.identity()? {
            Some((certificate, private)) => builder
                .with_client_auth_cert(certificates(&certificate)?, key(&private)?)
                .map_err(|error| unusable(&error))?,
            None => builder.with_no_client_auth(),
        };
        // What `sslnegotiation=direct` asks for.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(config)
    }

    /// Returns what is asked of the server's certificate. As in libpq, trusted certificates that are there are used in
    /// every mode.
    fn proof(&self) -> Result<Proof, ConnectionError> {
        let given = self.options.roots.as_deref();
        let file = given
            .filter(|roots| *roots != SYSTEM)
            .map(PathBuf::from)
            .or_else(|| of_home("root.crt").filter(|_| given.is_none()));
        let roots = |file: &Path| store(certificates(file)?, file);
        match (self.mode, file) {
            (TlsMode::VerifyFull, Some(file)) => roots(&file).map(Proof::Name),
            (TlsMode::VerifyFull, None) => {
                store(trusted_by_system()?, Path::new(SYSTEM)).map(Proof::Name)
            }
            (_, Some(file)) => roots(&file).map(Proof::Chain),
            (TlsMode::VerifyCa, None) => Err(ConnectionError::InvalidConnectionUrl(
                "`sslmode=verify-ca` needs a root certificate: name its file in `sslrootcert`, or use \
                 `sslmode=verify-full`"
                    .to_owned(),
            )),
            (_, None) => Ok(Proof::Nothing),
        }
    }

    /// Returns the files with the client's certificate and key.
    fn identity(&self) -> Result<Option<(PathBuf, PathBuf)>, ConnectionError> {
        let file = |given: &Option<String>, name| match given {
            Some(path) => Some(Path::new(path).to_owned()),
            None => of_home(name),
        };
        let certificate = file(&self.options.certificate, "postgresql.crt");
        match (certificate, file(&self.options.key, "postgresql.key")) {
            (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
            (Some(_), None) => Err(ConnectionError::InvalidConnectionUrl(
                "there is a client certificate (`sslcert`) without its key: name its file in `sslkey`".to_owned(),
            )),
            (None, _) => Ok(None),
        }
    }
}

/// Returns the process's provider of cryptography; ring, where none is chosen.
pub(super) fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default().map_or_else(
        || Arc::new(rustls::crypto::ring::default_provider()),
        Arc::clone,
    )
}

fn unusable(error: &rustls::Error) -> ConnectionError {
    ConnectionError::BadConnection(format!("cannot use TLS: {error}"))
}
