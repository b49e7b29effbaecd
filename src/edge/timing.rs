//! The routes of a request's connections, as a `Server-Timing` header.

use http::HeaderValue;

use crate::engine::{RouteCount, Routes};

/// Returns the header: one metric for each node and reason, such as `db;desc="standby-0 caught_up";count=2`.
///
/// Browsers' developer tools show the description, scripts read it. `count` is a custom parameter, which
/// others ignore (Server Timing, section 2).
pub(crate) fn line(routes: &Routes) -> Option<HeaderValue> {
    let metrics: Vec<_> = routes.counts().iter().map(metric).collect();
    HeaderValue::try_from(metrics.join(", "))
        .ok()
        .filter(|line| !line.is_empty())
}

fn metric(route: &RouteCount) -> String {
    // Names come from the configuration, with any letters.
    let node: String = route
        .node
        .chars()
        .map(|letter| match letter {
            '"' | '\\' => '\'',
            ' '..='~' => letter,
            _ => '?',
        })
        .collect();
    format!("db;desc=\"{node} {}\";count={}", route.reason, route.count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{Reason, Route};

    #[test]
    fn connections_are_counted_by_node_and_reason() {
        let routes = Routes::default();
        assert_eq!(line(&routes), None);
        let route = |node, reason| Route {
            node,
            is_primary: false,
            reason,
            function: None,
        };
        routes.count(&route("a", Reason::Covered));
        routes.count(&route("\"b\\\r\nä", Reason::Write));
        routes.count(&route("a", Reason::Covered));
        assert_eq!(
            line(&routes).unwrap(),
            "db;desc=\"a caught_up\";count=2, db;desc=\"'b'??? write\";count=1"
        );
    }
}
