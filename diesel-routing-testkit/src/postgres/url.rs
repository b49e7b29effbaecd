use crate::server::{Endpoint, Protocol, encode};

/// The port in socket names; nothing listens on TCP.
pub(super) const PORT: u16 = 5432;

/// The protocol of PostgreSQL's clients.
pub(crate) const PROTOCOL: Protocol = Protocol {
    name: "PostgreSQL",
    url: at,
};

/// Returns the URL of who listens at `address`.
fn at(user: &str, address: &Endpoint, database: &str) -> String {
    match address {
        Endpoint::Tcp(address) => {
            postgres(user, &address.ip().to_string(), address.port(), database)
        }
        Endpoint::Unix(path) => {
            let dir = path.parent().unwrap_or(path).to_string_lossy();
            postgres(user, &dir, PORT, database)
        }
    }
}

/// Returns a connection URL; `host` is a name, an address or a socket's directory.
///
/// The form with the host in front of the path, percent-encoded, is the one that libpq and
/// tokio-postgres both read; the port is there so that `PGPORT` has no say.
pub(super) fn postgres(user: &str, host: &str, port: u16, database: &str) -> String {
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
