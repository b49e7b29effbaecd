//! Finds out whether a connection is encrypted.

use diesel::ConnectionError;
use diesel::sql_types::Text;

/// Asks how the connection is encrypted. Needs no privilege.
pub(crate) const CIPHER: &str = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";

/// The answer to [`CIPHER`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Cipher {
    /// Empty if the connection is not encrypted.
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

impl Cipher {
    /// Refuses a connection that is not encrypted, and has to be.
    pub(crate) fn check(&self) -> Result<(), ConnectionError> {
        if self.value.is_empty() {
            return Err(ConnectionError::BadConnection(
                "the connection is not encrypted, and `ssl_mode` asks for TLS: the server does not have it, or the client \
                 library ignores `ssl_mode` (MariaDB's does, and uses TLS where `ssl_ca` names a root certificate)"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}
