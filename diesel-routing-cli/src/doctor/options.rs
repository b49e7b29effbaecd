//! The options of `doctor`.

use clap::ValueEnum;

use super::finding::{Rule, Severity};
use super::rules::{self, RULES};
use crate::cluster::ClusterArgs;
use crate::failure::Failure;

/// The options of `doctor`.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    /// Leave these findings out, by code or name; may be given again
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,
    /// Look for these findings alone, by code or name; may be given again
    #[arg(
        long,
        value_name = "CODE",
        value_delimiter = ',',
        conflicts_with = "ignore"
    )]
    pub(super) only: Vec<String>,
    /// Show only findings that are as bad as this
    #[arg(long, value_name = "SEVERITY", default_value = "note")]
    pub(super) min_severity: Severity,
    /// Exit with code 1 if a finding that is shown is as bad as this
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    pub(super) fail_on: FailOn,
    /// How many instances of the application have pools to the cluster
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) instances: u32,
    /// Print the page about a finding, by code or name, and ask no server
    #[arg(long, value_name = "CODE")]
    pub(super) explain: Option<String>,
    /// Print all codes, and ask no server
    #[arg(long, conflicts_with = "explain")]
    pub(super) list: bool,
}

/// Which findings make the command fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Note,
    Warning,
    Error,
    /// None do.
    Never,
}

impl FailOn {
    pub(super) fn includes(self, severity: Severity) -> bool {
        match self {
            Self::Note => true,
            Self::Warning => severity >= Severity::Warning,
            Self::Error => severity >= Severity::Error,
            Self::Never => false,
        }
    }
}

impl Options {
    /// Returns the rules to look by.
    pub(super) fn rules(&self) -> Result<Vec<&'static Rule>, Failure> {
        let only = known(&self.only, "--only")?;
        let ignored = known(&self.ignore, "--ignore")?;
        let wanted = RULES.iter().copied();
        let wanted = wanted.filter(|rule| only.is_empty() || only.contains(rule));
        Ok(wanted.filter(|rule| !ignored.contains(rule)).collect())
    }
}

/// Returns the rules that have these codes or names.
fn known(words: &[String], option: &str) -> Result<Vec<&'static Rule>, Failure> {
    let found = words.iter().map(|word| {
        rules::find(word).ok_or_else(|| Failure::Usage(format!("{option}: {}", unknown(word))))
    });
    found.collect()
}

/// Returns the words about a code that is none.
pub(super) fn unknown(word: &str) -> String {
    format!("there is no finding `{word}`: `doctor --list` has them all")
}
