//! TLS for `mysql_async`.

use std::path::{Path, PathBuf};

use diesel::ConnectionError;
use mysql_async::{ClientIdentity, SslOpts};

use super::client::provider;
use super::files::{certificates, trusted_by_system};
use crate::connect::{TlsMode, TlsOptions};

/// Returns what the driver is told, over what it read in the URL itself. Reads files.
pub(crate) fn mysql(
    mode: TlsMode,
    options: &TlsOptions,
    given: Option<SslOpts>,
) -> Result<SslOpts, ConnectionError> {
    // The driver takes the process's choice, and panics where there is none and more than one is compiled in.
    let _ = provider().as_ref().clone().install_default();
    let roots = match (mode, &options.roots) {
        (_, Some(roots)) => certificates(Path::new(roots))?,
        (TlsMode::VerifyFull, None) if given.is_none() => trusted_by_system()?,
        (TlsMode::VerifyCa, None) => {
            return Err(ConnectionError::InvalidConnectionUrl(
                "`ssl_mode=VERIFY_CA` needs a root certificate: name its file in `ssl_ca`, or use \
                 `ssl_mode=VERIFY_IDENTITY`"
                    .to_owned(),
            ));
        }
        (_, None) => Vec::new(),
    };
    let mut ssl = given.unwrap_or_else(|| {
        SslOpts::default()
            .with_danger_accept_invalid_certs(mode < TlsMode::VerifyCa)
            .with_danger_skip_domain_validation(mode < TlsMode::VerifyFull)
    });
    if !roots.is_empty() {
        let roots = roots.into_iter().map(|root| root.to_vec().into());
        ssl = ssl
            .with_root_certs(roots.collect())
            .with_disable_built_in_roots(true);
    }
    match (&options.certificate, &options.key) {
        (Some(certificate), Some(key)) => {
            let identity =
                ClientIdentity::new(PathBuf::from(certificate).into(), PathBuf::from(key).into());
            Ok(ssl.with_client_identity(Some(identity)))
        }
        (None, None) => Ok(ssl),
        _ => Err(ConnectionError::InvalidConnectionUrl(
            "a client certificate needs both `ssl_cert` and `ssl_key`".to_owned(),
        )),
    }
}
