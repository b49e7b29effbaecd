//! What a connection string says of the way to a server: its hosts, and its TLS.

use percent_encoding::percent_decode_str;

use crate::doctor::facts::TlsMode;

/// The part of a connection string about the way to a server.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) hosts: Vec<(String, u16)>,
    pub(super) tls: Option<TlsMode>,
}

impl Address {
    /// Reads a URL, or libpq's pairs. What cannot be read is left out: whoever connects says what is wrong.
    pub(super) fn of(url: &str, usual_port: u16) -> Self {
        let (authority, parameters) = match url.split_once("://") {
            Some((_, rest)) => {
                // What stands before the `@` may be a password, question marks and all.
                let start = rest.find('@').unwrap_or_default();
                let mark = rest.get(start..).and_then(|rest| rest.find('?'));
                let (path, query) = mark.map_or((rest, ""), |mark| rest.split_at(start + mark));
                let path = path.rsplit_once('@').map_or(path, |(_, path)| path);
                let authority = path.split_once('/').map_or(path, |(hosts, _)| hosts);
                let query = query.trim_start_matches('?');
                (authority, query.split('&').collect::<Vec<_>>())
            }
            None => ("", url.split_whitespace().collect()),
        };
        let parameter = |name: &str| {
            let mut pairs = parameters.iter().filter_map(|pair| pair.split_once('='));
            pairs.find_map(|(key, value)| (key == name).then(|| decoded(value.trim_matches('\''))))
        };
        let hosts = authority.split(',').filter(|host| !host.is_empty());
        let mut hosts: Vec<_> = hosts.map(|host| endpoint(host, usual_port)).collect();
        let ports = parameter("port").unwrap_or_default();
        let port = ports.split(',').next().and_then(|port| port.parse().ok());
        for name in ["host", "hostaddr", "socket", "unix_socket"] {
            let list = parameter(name).unwrap_or_default();
            let named = list.split(',').filter(|host| !host.is_empty());
            hosts.extend(named.map(|host| (host.to_owned(), port.unwrap_or(usual_port))));
        }
        let mode = parameter("sslmode").or_else(|| parameter("ssl_mode"));
        let is_on = |name| parameter(name).as_deref() == Some("true");
        let tls = match mode.map(|mode| mode.to_lowercase()).as_deref() {
            Some("disable" | "disabled") => Some(TlsMode::Disable),
            Some("allow" | "prefer" | "preferred") => Some(TlsMode::Prefer),
            Some("require" | "required") => Some(TlsMode::Require),
            Some(_) => Some(TlsMode::Verify),
            // As the router reads them: what names an authority has it looked at.
            None if parameter("ssl_ca").is_some() || is_on("require_ssl") => Some(TlsMode::Verify),
            None if parameter("sslrootcert").as_deref() == Some("system") => Some(TlsMode::Verify),
            None => None,
        };
        Self { hosts, tls }
    }
}

/// Cuts `host`, `host:port` or `[::1]:port`.
fn endpoint(text: &str, usual: u16) -> (String, u16) {
    let (host, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = port.and_then(|port| port.parse().ok());
    (decoded(host), port.unwrap_or(usual))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_tls_are_found_however_a_string_is_spelt() {
        for (text, hosts, tls) in [
            (
                "postgres://u:p@10.0.0.2/app",
                &[("10.0.0.2", 5432)][..],
                None,
            ),
            (
                "postgres://u@a:1,[::1]:2/app?sslmode=verify-full",
                &[("a", 1), ("::1", 2)],
                Some(TlsMode::Verify),
            ),
            (
                "postgresql://u@%2Ftmp%2Fx:5432/app?sslmode=require",
                &[("/tmp/x", 5432)],
                Some(TlsMode::Require),
            ),
            (
                "host=h,i port=5433 sslmode=disable",
                &[("h", 5433), ("i", 5433)],
                Some(TlsMode::Disable),
            ),
            (
                "mysql://u@h:3307/app?ssl_mode=REQUIRED",
                &[("h", 3307)],
                Some(TlsMode::Require),
            ),
            (
                "postgres://u:a?b@h/app?password=x@y/z",
                &[("h", 5432)],
                None,
            ),
            (
                "mysql://u@h/app?ssl_ca=/ca.pem",
                &[("h", 5432)],
                Some(TlsMode::Verify),
            ),
        ] {
            let address = Address::of(text, 5432);
            let expected: Vec<_> = hosts
                .iter()
                .map(|(host, port)| ((*host).to_owned(), *port))
                .collect();
            assert_eq!((address.hosts, address.tls), (expected, tls), "{text}");
        }
    }
}
