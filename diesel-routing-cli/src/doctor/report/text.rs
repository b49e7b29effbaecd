//! The report for people.

use anstyle::AnsiColor;

use crate::doctor::facts::{Facts, Lag, Topology, in_words};
use crate::doctor::finding::{Finding, Severity};
use crate::failure::Failure;
use crate::output::{Cell, Output, Sheet};

/// The length from which a position is cut.
const LONG: usize = 40;

/// Prints the report.
pub(super) fn print(
    topology: &Topology,
    findings: &[Finding],
    out: &mut Output,
) -> Result<(), Failure> {
    let headings = [
        "node", "server", "role", "history", "position", "lag", "fed by", "clock",
    ];
    let mut sheet = Sheet::new(headings);
    for node in &topology.nodes {
        sheet.row([
            node.name.as_str().into(),
            Cell::from(server(node)).faint(),
            role(node),
            node.history.as_deref().unwrap_or_default().into(),
            shortened(node.position.as_deref().unwrap_or_default()).into(),
            lag(node),
            source(node).into(),
            clock(node).into(),
        ]);
    }
    out.sheet(&sheet)?;
    for finding in findings {
        out.line("")?;
        print_finding(finding, out)?;
    }
    unanswered(topology, out)?;
    out.line("")?;
    out.paragraph(&summary(findings))
}

fn print_finding(finding: &Finding, out: &mut Output) -> Result<(), Failure> {
    let Finding {
        rule,
        severity,
        nodes,
        problem,
        evidence,
        remedy,
    } = finding;
    let color = match severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Note => AnsiColor::Cyan,
    };
    let style = color.on_default().bold();
    out.line(format!(
        "{style}{}{style:#} {} {}",
        severity.name(),
        rule.code,
        rule.name
    ))?;
    // What names its nodes needs no other name in front.
    let subject = match nodes.as_slice() {
        [node] => format!("{node}: "),
        _ => String::new(),
    };
    indented(&format!("{subject}{problem}"), 2, out)?;
    for (what, value) in evidence.iter().filter(|(_, value)| !value.is_empty()) {
        indented(&format!("{what}: {value}"), 4, out)?;
    }
    indented(&format!("do: {remedy}"), 2, out)
}

/// Prints a text after so many blanks, with line breaks where it would be too wide.
fn indented(text: &str, indent: usize, out: &mut Output) -> Result<(), Failure> {
    let width = out
        .width()
        .map_or(usize::MAX, |width| width.saturating_sub(indent).max(1));
    for line in broken(text, width) {
        out.line(format!("{:indent$}{line}", ""))?;
    }
    Ok(())
}

/// Breaks a text into lines: between words, or within one that is too long.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split(' ') {
        let needs = word.chars().count();
        if length > 0 && length + 1 + needs > width {
            lines.push(String::new());
            length = 0;
        }
        for (at, letter) in (0..).zip(word.chars()) {
            let Some(line) = lines.last_mut() else {
                return lines;
            };
            if at == 0 && length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push(letter);
            length += 1;
            if length == width && at + 1 < needs {
                lines.push(String::new());
                length = 0;
            }
        }
    }
    lines
}

/// Prints which questions got no answer for another reason than a privilege, for which there is a finding.
fn unanswered(topology: &Topology, out: &mut Output) -> Result<(), Failure> {
    for node in topology.reached() {
        let questions = node
            .unanswered
            .iter()
            .filter(|question| question.remedy.is_none());
        for question in questions {
            out.line("")?;
            out.paragraph(&format!(
                "{} did not say {}: {}",
                node.name, question.question, question.why
            ))?;
        }
    }
    Ok(())
}

fn summary(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "no findings".to_owned();
    }
    let count = |severity, word: &str| {
        let count = findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count();
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} {word}{plural}"))
    };
    let counts = [
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning"),
        count(Severity::Note, "note"),
    ];
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    format!(
        "{}; `diesel-routing doctor --explain CODE` has more about each",
        counts.join(", ")
    )
}

fn server(node: &Facts) -> String {
    let kind = node.kind.map_or("", |kind| kind.name());
    let version = node.version.as_ref().map_or("", |version| &version.text);
    let galera = if node.galera.is_some() { " Galera" } else { "" };
    format!("{kind}{galera} {version}").trim().to_owned()
}

fn role(node: &Facts) -> Cell {
    if !node.is_reached() {
        return Cell::from("down").bad();
    }
    match node.takes_writes {
        _ if node.configured.is_logical => "subscriber".into(),
        Some(true) => Cell::from("primary").good(),
        Some(false) => "replica".into(),
        None => Cell::from("unknown").faint(),
    }
}

fn lag(node: &Facts) -> Cell {
    match node.lag {
        None => "".into(),
        Some(Lag::Within(lag)) => format!("< {}", in_words(lag)).into(),
        Some(Lag::Beyond { waited, age }) => {
            let lag = age.map_or(waited, |age| age.max(waited));
            Cell::from(format!("> {}", in_words(lag))).doubtful()
        }
    }
}

fn source(node: &Facts) -> String {
    let Some(upstream) = &node.upstream else {
        return String::new();
    };
    let address = upstream.address.as_deref().unwrap_or_default();
    upstream.node.as_deref().unwrap_or(address).to_owned()
}

fn clock(node: &Facts) -> String {
    node.clock_offset.map_or_else(String::new, |offset| {
        // Less than what asking takes is nothing.
        let millis = if offset.millis.abs() < offset.uncertainty {
            0.0
        } else {
            offset.millis
        };
        format!("{millis:+.0}ms")
    })
}

fn shortened(position: &str) -> String {
    if position.chars().count() <= LONG {
        return position.to_owned();
    }
    let head: String = position.chars().take(LONG).collect();
    format!("{head}..")
}

#[cfg(test)]
mod tests {
    use super::broken;

    #[test]
    fn lines_are_broken_between_words_and_within_long_ones() {
        assert_eq!(broken("a replica lags", 9), ["a replica", "lags"]);
        assert_eq!(broken("a replica lags", 8), ["a", "replica", "lags"]);
        assert_eq!(broken("x 0123456789", 4), ["x", "0123", "4567", "89"]);
        assert_eq!(broken("a b", usize::MAX), ["a b"]);
    }
}
