//! The addresses that a connection string leads to.

use percent_encoding::percent_decode_str;

use super::ConnectionString;

/// Returns the hosts of a URL or of pairs, each with its port; none if the string is malformed or names none.
pub(crate) fn endpoints(text: &str) -> Vec<(String, u16)> {
    let Some(string) = ConnectionString::parse(text) else {
        return Vec::new();
    };
    let usual = if text.starts_with("mysql:") {
        3306
    } else {
        5432
    };
    let mut endpoints: Vec<_> = string.authority().map_or_else(Vec::new, |authority| {
        let hosts = authority.split(',').filter(|host| !host.is_empty());
        hosts.map(|host| endpoint(host, usual)).collect()
    });
    let list = |name| {
        string
            .get(name)
            .map(|list| list.split(',').map(str::to_owned))
    };
    let ports: Vec<_> = list("port").into_iter().flatten().collect();
    // One port is that of all hosts.
    let port = |index: usize| {
        let port = ports.get(index).or_else(|| ports.first());
        port.and_then(|port| port.parse().ok()).unwrap_or(usual)
    };
    for name in ["host", "hostaddr"] {
        let hosts = list(name).into_iter().flatten().enumerate();
        endpoints.extend(hosts.map(|(index, host)| (host, port(index))));
    }
    endpoints
}

/// Cuts `host`, `host:port` or `[::1]:port`.
fn endpoint(text: &str, usual: u16) -> (String, u16) {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_of_a_string_are_found_however_it_is_spelt() {
        for (text, expected) in [
            ("postgres://app@10.0.0.2/app", &[("10.0.0.2", 5432)][..]),
            (
                "postgresql://u:p%40@a,b:5433/db?x=y",
                &[("a", 5432), ("b", 5433)],
            ),
            (
                "mysql://root@db.internal:3307/app",
                &[("db.internal", 3307)],
            ),
            ("mysql://root@db/app", &[("db", 3306)]),
            ("postgres://u@[::1]:6000/db", &[("::1", 6000)]),
            ("postgres://u@%2Ftmp%2Fpg/db", &[("/tmp/pg", 5432)]),
            ("postgres:///db?host=/tmp&port=5439", &[("/tmp", 5439)]),
            ("host=a,b port=1,2 user=x", &[("a", 1), ("b", 2)]),
            ("host=a,b port=9", &[("a", 9), ("b", 9)]),
            ("hostaddr=10.0.0.1", &[("10.0.0.1", 5432)]),
            ("user=x", &[]),
            ("an alias", &[]),
        ] {
            let found = endpoints(text);
            let found: Vec<_> = found
                .iter()
                .map(|(host, port)| (host.as_str(), *port))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
