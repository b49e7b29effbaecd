use crate::server::{Endpoint, Protocol, encode};

/// The protocol of MariaDB's and MySQL's clients.
pub(crate) const PROTOCOL: Protocol = Protocol {
    name: "MariaDB",
    url: through,
};

/// Returns the URL of a proxy that listens at `address`.
///
/// `mysql_async` asks a server on the loopback interface for its socket, and goes on over that: past the
/// proxy, unless told not to. Other clients ignore it.
fn through(user: &str, address: &Endpoint, database: &str) -> String {
    format!("{}?prefer_socket=false", at(user, address, database))
}

/// Returns the URL of who listens at `address`.
///
/// TCP, as libmysqlclient and `mysql_async` disagree on how a URL names a socket.
pub(super) fn at(user: &str, address: &Endpoint, database: &str) -> String {
    let address = match address {
        Endpoint::Tcp(address) => address.to_string(),
        Endpoint::Unix(path) => encode(&path.to_string_lossy()).to_string(),
    };
    format!("mysql://{}@{address}/{}", encode(user), encode(database))
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, at};

    #[test]
    fn users_and_databases_are_encoded() {
        let address = Endpoint::Tcp(([127, 0, 0, 1], 3307).into());
        assert_eq!(
            at("a b", &address, "x/y"),
            "mysql://a%20b@127.0.0.1:3307/x%2Fy"
        );
    }
}
