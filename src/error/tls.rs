//! Remedies for what is wrong with TLS, by the English words of drivers and servers: rustls', OpenSSL's, libpq's,
//! `mysql_async`'s, libmariadb's and PostgreSQL's.

/// Returns the remedy, if the words are about TLS.
pub(super) fn remedy(words: &str) -> Option<&'static str> {
    let known = |(patterns, _): &&(&[&str], _)| patterns.iter().any(|known| words.contains(known));
    REMEDIES.iter().find(known).map(|(_, remedy)| *remedy)
}

/// The first that fits counts.
const REMEDIES: [(&[&str], &str); 9] = [
    (
        &["the connection is not encrypted"],
        "give the library a root certificate (`ssl_ca`), turn TLS on at the server (`ssl_cert`, `ssl_key`), or do without \
         (`ssl_mode=PREFERRED`)",
    ),
    (
        &["feature `rustls`"],
        "turn the feature `rustls` of diesel-routing on, or do without TLS",
    ),
    (
        &[
            "cannot use the certificate file",
            "cannot use the private key file",
            "root certificate file",
            "needs a root certificate",
            "has no root certificates",
            "could not load private key file",
            "could not read certificate file",
            "could not read root certificate file",
            "without its key",
            "No private key found",
        ],
        "look at the files with certificates and keys that the URL names (`sslrootcert`, `sslcert`, `sslkey`; MySQL and \
         MariaDB: `ssl_ca`, `ssl_cert`, `ssl_key`)",
    ),
    (
        &[
            "requires a valid client certificate",
            "CertificateRequired",
            "certificate required",
            "certificate authentication failed",
        ],
        "the server wants a certificate of the client: name one that it trusts, for this user, in `sslcert` and `sslkey` \
         (MySQL and MariaDB: `ssl_cert`, `ssl_key`)",
    ),
    (
        &[
            "certificate expired",
            "certificate has expired",
            "not valid yet",
        ],
        "the server's certificate has expired or is not valid yet: renew it on the server, or set the clocks",
    ),
    (
        &[
            "not valid for name",
            "NotValidForName",
            "does not match host name",
            "ostname verification",
        ],
        "the server's certificate is for another name than the URL's host: use a name that it has, or have it issued for \
         this one",
    ),
    (
        &[
            "UnknownIssuer",
            "unable to get local issuer",
            "self-signed certificate",
            "self signed certificate",
        ],
        "nobody who is trusted has signed the server's certificate: name the file with its root certificate in \
         `sslrootcert` (MySQL and MariaDB: `ssl_ca`)",
    ),
    (
        &[
            "invalid peer certificate",
            "certificate verify failed",
            "certificate validation",
            "Validation of SSL server certificate",
        ],
        "the server's certificate is not trusted: see whether it has expired, and whether the file in `sslrootcert` (MySQL \
         and MariaDB: `ssl_ca`) has its root certificate",
    ),
    (
        &[
            "does not support TLS",
            "does not support SSL",
            "server does not have this capability",
        ],
        "the server does not offer TLS, and the URL asks for it: turn it on there (PostgreSQL: `ssl = on`; MySQL and \
         MariaDB: `ssl_cert`, `ssl_key`), or do without (`sslmode=prefer`, `ssl_mode=PREFERRED`)",
    ),
];
