//! Certificates and keys: files, and those that the system trusts.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use diesel::ConnectionError;
use rustls::RootCertStore;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

type Certificates = Vec<CertificateDer<'static>>;

/// Returns the path of a file of libpq's in the user's home directory, if there is one.
pub(super) fn of_home(name: &str) -> Option<PathBuf> {
    let path = std::env::home_dir()?.join(".postgresql").join(name);
    path.exists().then_some(path)
}

/// Reads the certificates in a file.
pub(super) fn certificates(path: &Path) -> Result<Certificates, ConnectionError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Certificates, _>>)
        .map_err(|error| unusable("certificate", path, error))?;
    if certificates.is_empty() {
        return Err(unusable("certificate", path, "there is none in PEM"));
    }
    Ok(certificates)
}

/// Returns the certificates that this system trusts.
pub(super) fn trusted_by_system() -> Result<Certificates, ConnectionError> {
    let mut found = rustls_native_certs::load_native_certs();
    // One that cannot be read must not spoil the others.
    found
        .certs
        .retain(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok());
    if found.certs.is_empty() {
        let why = found.errors.first().map(|error| format!(" ({error})"));
        return Err(ConnectionError::BadConnection(format!(
            "this system has no root certificates{}: name a file with some in `sslrootcert` (MySQL and MariaDB: `ssl_ca`)",
            why.unwrap_or_default()
        )));
    }
    Ok(found.certs)
}

/// Returns a store of trusted certificates, which are from the file at `path`, if they are from one.
pub(super) fn store(
    certificates: Certificates,
    path: &Path,
) -> Result<RootCertStore, ConnectionError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates {
        store
            .add(certificate)
            .map_err(|error| unusable("certificate", path, error))?;
    }
    Ok(store)
}

/// Reads the client's key.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, ConnectionError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| match error {
        PemError::NoItemsFound => {
            let why = "there is none in PEM, or it is encrypted: decrypt it (`openssl pkey`)";
            unusable("private key", path, why)
        }
        error => unusable("private key", path, error),
    })
}

fn unusable(what: &str, path: &Path, why: impl Display) -> ConnectionError {
    let path = path.display();
    ConnectionError::BadConnection(format!("cannot use the {what} file `{path}`: {why}"))
}
