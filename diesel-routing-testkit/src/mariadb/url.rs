use crate::server::{Address, encode};

/// The URL of who listens at `address`.
///
/// TCP, as libmysqlclient and `mysql_async` disagree on how a URL names a socket.
pub(super) fn at(user: &str, address: &Address, database: &str) -> String {
    let address = match address {
        Address::Tcp(address) => address.to_string(),
        Address::Unix(path) => encode(&path.to_string_lossy()).to_string(),
    };
    format!("mysql://{}@{address}/{}", encode(user), encode(database))
}

#[cfg(test)]
mod tests {
    use super::{Address, at};

    #[test]
    fn users_and_databases_are_encoded() {
        let address = Address::Tcp(([127, 0, 0, 1], 3307).into());
        assert_eq!(
            at("a b", &address, "x/y"),
            "mysql://a%20b@127.0.0.1:3307/x%2Fy"
        );
    }
}
