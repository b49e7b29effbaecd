//! The routes of a request's connections, as a `Server-Timing` header.

use http::HeaderValue;

use crate::engine::{RouteCount, Routes};

/// Returns the header: one metric for each node and reason, such as `db;desc="db-2 caught_up";dur=0.31;count=2`.
///
/// `dur` is the time that was waited for the connections, in milliseconds. Browsers' developer tools show it with the description,
/// scripts read them. `count` is a custom parameter, which
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
    let waited = route.waited.as_secs_f64() * 1e3;
    format!(
        "db;desc=\"{node} {}\";dur={waited:.2};count={}",
        route.reason, route.count
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::routing::{Reason, Route};

    #[test]
    fn connections_and_waits_are_told_by_node_and_reason() {
        let routes = Routes::default();
        assert_eq!(line(&routes), None);
        let route = |node, reason| Route {
            node,
            is_primary: false,
            reason,
            function: None,
        };
        let waited = Duration::from_micros(120);
        routes.count(&route("a", Reason::Covered), waited);
        routes.count(&route("\"b\\\r\nä", Reason::Write), Duration::ZERO);
        routes.count(&route("a", Reason::Covered), Duration::from_millis(2));
        assert_eq!(
            line(&routes).unwrap(),
            "db;desc=\"a caught_up\";dur=2.12;count=2, db;desc=\"'b'??? write\";dur=0.00;count=1"
        );
    }
}
