use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A connection URL; `host` is a name, an address or a socket's directory.
///
/// The form with the host in front of the path, percent-encoded, is the one that libpq and
/// tokio-postgres both read; the port is there so that `PGPORT` has no say.
pub(super) fn postgres(user: &str, host: &str, port: u16, database: &str) -> String {
    let encode = |part| utf8_percent_encode(part, RESERVED);
    format!(
        "postgresql://{}@{}:{port}/{}",
        encode(user),
        encode(host),
        encode(database)
    )
}

#[cfg(test)]
mod tests {
    use super::postgres;

    #[test]
    fn a_socket_directory_is_one_host() {
        assert_eq!(
            postgres("a b", "/tmp/x-1", 5432, "app"),
            "postgresql://a%20b@%2Ftmp%2Fx-1:5432/app"
        );
    }
}
