//! The parameters of connection strings that are about TLS.

use diesel::ConnectionError;

use super::ConnectionString;

/// The TLS options of a connection string. Those that it leaves open are `None`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsOptions {
    pub(crate) mode: Option<TlsMode>,
    /// The file with the certificates that are trusted, or `system`.
    pub(crate) roots: Option<String>,
    /// The files with the client's own certificate, and its key.
    pub(crate) certificate: Option<String>,
    pub(crate) key: Option<String>,
}

/// The degree of TLS that is asked for, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TlsMode {
    /// None.
    Disable,
    /// If the server takes nothing else.
    Allow,
    /// If the server has it.
    Prefer,
    /// An encrypted connection, to whoever answers.
    Require,
    /// The same, to the holder of a certificate that a trusted authority signed.
    VerifyCa,
    /// The same, which is for the name that the connection is opened to.
    VerifyFull,
}

impl TlsMode {
    const POSTGRES: [(&str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];
    const MYSQL: [(&str, Self); 5] = [
        ("disabled", Self::Disable),
        ("preferred", Self::Prefer),
        ("required", Self::Require),
        ("verify_ca", Self::VerifyCa),
        ("verify_identity", Self::VerifyFull),
    ];

    /// Returns whether a connection without TLS is not what was asked for.
    pub(crate) fn needs_tls(self) -> bool {
        self >= Self::Require
    }
}

impl TlsOptions {
    /// Takes libpq's parameters out of `string`.
    pub(crate) fn of_postgres(string: &mut ConnectionString<'_>) -> Result<Self, ConnectionError> {
        Ok(Self {
            mode: mode(string, "sslmode", &TlsMode::POSTGRES)?,
            roots: string.take("sslrootcert"),
            certificate: string.take("sslcert"),
            key: string.take("sslkey"),
        })
    }

    /// Takes the parameters that libmysqlclient's options are called by out of `string`.
    pub(crate) fn of_mysql(string: &mut ConnectionString<'_>) -> Result<Self, ConnectionError> {
        Ok(Self {
            mode: mode(string, "ssl_mode", &TlsMode::MYSQL)?,
            roots: string.take("ssl_ca"),
            certificate: string.take("ssl_cert"),
            key: string.take("ssl_key"),
        })
    }
}

/// Returns the error of a connection string whose `parameter` asks for TLS where there is none.
pub(crate) fn no_tls(parameter: &str) -> ConnectionError {
    ConnectionError::InvalidConnectionUrl(format!(
        "`{parameter}` asks for TLS, which needs diesel-routing's feature `rustls`: turn it on, or open connections \
         yourself (`RouterBuilder::connect_with`)"
    ))
}

/// Takes the mode out of `string`. The values of MySQL may be written in capitals.
fn mode(
    string: &mut ConnectionString<'_>,
    name: &str,
    known: &[(&str, TlsMode)],
) -> Result<Option<TlsMode>, ConnectionError> {
    let Some(value) = string.take(name) else {
        return Ok(None);
    };
    let found = known
        .iter()
        .find(|(known, _)| *known == value.to_lowercase());
    found.map(|&(_, mode)| Some(mode)).ok_or_else(|| {
        let known: Vec<_> = known.iter().map(|(known, _)| *known).collect();
        let why = format!("unknown `{name}`: give one of {}", known.join(", "));
        ConnectionError::InvalidConnectionUrl(why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_has_its_own_words_for_the_modes() {
        let parse = |text| ConnectionString::parse(text).unwrap();
        let mut string =
            parse("postgres://h?sslmode=verify-ca&sslrootcert=/r&sslcert=/c&sslkey=/k");
        let options = TlsOptions::of_postgres(&mut string).unwrap();
        let expected = TlsOptions {
            mode: Some(TlsMode::VerifyCa),
            roots: Some("/r".into()),
            certificate: Some("/c".into()),
            key: Some("/k".into()),
        };
        assert_eq!(options, expected);
        assert_eq!(string.to_string(), "postgres://h");

        let mut string =
            parse("mysql://h/db?ssl_mode=VERIFY_IDENTITY&ssl_ca=/r&prefer_socket=false");
        let options = TlsOptions::of_mysql(&mut string).unwrap();
        assert_eq!(options.mode, Some(TlsMode::VerifyFull));
        assert_eq!(string.to_string(), "mysql://h/db?prefer_socket=false");

        let error = TlsOptions::of_postgres(&mut parse("host=h sslmode=on")).unwrap_err();
        assert!(error.to_string().contains("verify-full"), "{error}");
    }
}
