//! The pages about findings: `docs/doctor.md`, in pieces.

use std::fmt::Write as _;

use serde::Serialize;

use super::finding::{Rule, Severity};
use super::options::unknown;
use super::rules::{self, RULES};
use crate::failure::{Failure, Outcome};
use crate::output::{Cell, Output, Sheet};

/// A rule, for programs.
#[derive(Serialize)]
struct Listed {
    code: &'static str,
    name: &'static str,
    severity: Severity,
    servers: &'static str,
    title: &'static str,
}

/// Prints all codes.
pub(super) fn list(out: &mut Output) -> Result<Outcome, Failure> {
    if out.is_json() {
        let listed = RULES.iter().map(|rule| Listed {
            code: rule.code,
            name: rule.name,
            severity: rule.severity,
            servers: rule.servers.name(),
            title: rule.title,
        });
        out.json(&listed.collect::<Vec<_>>())?;
        return Ok(Outcome::Fine);
    }
    let mut sheet = Sheet::new(["code", "name", "severity", "servers", "what is wrong"]);
    for rule in RULES {
        sheet.row([
            rule.code.into(),
            rule.name.into(),
            severity(rule.severity),
            Cell::from(rule.servers.name()).faint(),
            rule.title.into(),
        ]);
    }
    out.sheet(&sheet)?;
    Ok(Outcome::Fine)
}

/// Prints the page about one finding.
pub(super) fn explain(word: &str, out: &mut Output) -> Result<Outcome, Failure> {
    let Some(rule) = rules::find(word) else {
        return Err(Failure::Usage(unknown(word)));
    };
    for paragraph in page(rule).trim_end().split("\n\n") {
        out.paragraph(&paragraph.replace('\n', " "))?;
        out.line("")?;
    }
    Ok(Outcome::Fine)
}

/// Returns a severity as a cell of a table.
pub(super) fn severity(severity: Severity) -> Cell {
    let cell = Cell::from(severity.name());
    match severity {
        Severity::Error => cell.bad(),
        Severity::Warning => cell.doubtful(),
        Severity::Note => cell.faint(),
    }
}

/// Returns the section about a finding, in Markdown.
pub(super) fn page(rule: &Rule) -> String {
    let Rule {
        code,
        name,
        severity,
        servers,
        title,
        page,
        ..
    } = rule;
    let mut title = (*title).to_owned();
    if let Some(first) = title.get(..1) {
        title = first.to_uppercase() + &title[1..];
    }
    let mut text = format!("### {code} `{name}`\n\n");
    let _ = write!(
        text,
        "*{severity}, {servers}.* {title}.\n\n{page}\n",
        severity = severity.name(),
        servers = servers.name(),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands between these lines of the document is written from the rules.
    const BEGIN: &str = "<!-- findings: written by a test, from the rules -->\n";
    const END: &str = "<!-- end of findings -->\n";

    #[test]
    fn the_document_has_every_finding_as_the_command_explains_it() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/doctor.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (before, rest) = text
            .split_once(BEGIN)
            .expect("the beginning of the findings");
        let (written, after) = rest.split_once(END).expect("the end of the findings");
        let mut expected = String::from(
            "\n| code | name | severity | servers | what is wrong |\n|---|---|---|---|---|\n",
        );
        for rule in RULES {
            let (code, name) = (rule.code, rule.name);
            let anchor = format!("{}-{name}", code.to_lowercase());
            let _ = writeln!(
                expected,
                "| [{code}](#{anchor}) | `{name}` | {} | {} | {} |",
                rule.severity.name(),
                rule.servers.name(),
                rule.title
            );
        }
        for rule in RULES {
            let _ = write!(expected, "\n{}", page(rule));
        }
        expected.push('\n');
        if std::env::var("DOCTOR_PAGES").as_deref() == Ok("overwrite") {
            std::fs::write(path, [before, BEGIN, &expected, END, after].concat()).unwrap();
        } else {
            assert_eq!(
                written, expected,
                "docs/doctor.md is not what the rules say: run this test with DOCTOR_PAGES=overwrite"
            );
        }
    }
}
