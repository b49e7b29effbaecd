//! `Rule`: a kind of finding, and how it is found.

use std::fmt;

use super::{Finding, Severity};
use crate::doctor::facts::Topology;

/// A kind of finding. Its code and its name never change.
pub(crate) struct Rule {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) severity: Severity,
    pub(crate) servers: Servers,
    /// What is wrong, in a line.
    pub(crate) title: &'static str,
    /// Its page, with why it matters, how it is found, and what to do: paragraphs of Markdown.
    pub(crate) page: &'static str,
    /// Looks for it. Asks nobody.
    pub(crate) check: fn(&Topology, &mut Report<'_>),
}

/// The servers that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Servers {
    All,
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    Galera,
    Sqlite,
    PostgresAndMySql,
}

/// The place where a rule's findings go.
pub(crate) struct Report<'a> {
    rule: &'static Rule,
    findings: &'a mut Vec<Finding>,
}

impl Rule {
    /// Adds what the rule finds to `findings`.
    pub(crate) fn run(&'static self, topology: &Topology, findings: &mut Vec<Finding>) {
        let mut report = Report {
            rule: self,
            findings,
        };
        (self.check)(topology, &mut report);
    }

    /// Returns whether it is called `word`: its code or its name, in any case.
    pub(crate) fn is_called(&self, word: &str) -> bool {
        self.code.eq_ignore_ascii_case(word) || self.name.eq_ignore_ascii_case(word)
    }
}

impl Report<'_> {
    /// Adds a finding about one node.
    pub(crate) fn about(
        &mut self,
        node: &str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> &mut Finding {
        self.about_all([node.to_owned()], problem, remedy)
    }

    /// Adds a finding about these nodes.
    pub(crate) fn about_all(
        &mut self,
        nodes: impl IntoIterator<Item = String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> &mut Finding {
        let at = self.findings.len();
        self.findings.push(Finding {
            rule: self.rule,
            severity: self.rule.severity,
            nodes: nodes.into_iter().collect(),
            problem: problem.into(),
            evidence: Vec::new(),
            remedy: remedy.into(),
        });
        &mut self.findings[at]
    }
}

impl Servers {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL, MariaDB",
            Self::Galera => "Galera",
            Self::Sqlite => "SQLite",
            Self::PostgresAndMySql => "PostgreSQL, MySQL, MariaDB",
        }
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl Eq for Rule {}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}
