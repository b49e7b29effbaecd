//! Reports as lines: one for each node, or one of JSON.

use crate::failure::Failure;
use crate::output::Output;
use crate::survey::{NodeReport, Report};

/// Prints a report.
pub(super) fn print(report: &Report, out: &mut Output) -> Result<(), Failure> {
    if out.is_json() {
        return out.json_line(report);
    }
    let at = humantime::format_rfc3339_seconds(report.at);
    for node in &report.nodes {
        out.line(format!("{at} {}", line(node)))?;
    }
    let words = report.lacks.into_iter().chain(report.refused.as_deref());
    for words in words {
        out.line(format!("{at} {words}"))?;
    }
    out.flush()
}

fn line(node: &NodeReport) -> String {
    let mut line = node.name.clone();
    if let Some(role) = &node.role {
        line += &format!(" {role}");
    }
    line += &format!(" {}", node.health);
    if node.lag_seconds.is_some() {
        line += &format!(" lag {}", node.lag());
    }
    if let Some(position) = &node.short_position {
        line += &format!(" at {position}");
    }
    for words in [&node.problem, &node.notice].into_iter().flatten() {
        line += &format!(": {words}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel_routing::Health;

    #[test]
    fn a_line_has_what_is_known() {
        let up = NodeReport {
            name: "a".to_owned(),
            role: Some("replica".to_owned()),
            health: Health::Up,
            lag_seconds: Some(0.25),
            short_position: Some("0/1".to_owned()),
            ..NodeReport::default()
        };
        assert_eq!(line(&up), "a replica up lag 250ms at 0/1");
        let down = NodeReport {
            name: "b".to_owned(),
            health: Health::Down,
            problem: Some("refused".to_owned()),
            ..NodeReport::default()
        };
        assert_eq!(line(&down), "b down: refused");
    }
}
