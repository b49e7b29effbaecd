//! `Doctor`: runs the command, and reads its report.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a state may take to be there.
const LIMIT: Duration = Duration::from_secs(30);

/// The command with its arguments.
#[derive(Clone, Default)]
pub(crate) struct Doctor {
    args: Vec<String>,
}

/// The outcome of it.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) code: i32,
    pub(crate) json: Value,
    pub(crate) stderr: String,
}

impl Doctor {
    /// Looks at these nodes: names and URLs.
    pub(crate) fn of<N: AsRef<str>, U: AsRef<str>>(
        nodes: impl IntoIterator<Item = (N, U)>,
    ) -> Self {
        let nodes = nodes.into_iter().flat_map(|(name, url)| {
            [
                "--node".to_owned(),
                format!("{}={}", name.as_ref(), url.as_ref()),
            ]
        });
        Self {
            args: nodes.collect(),
        }
    }

    /// Looks at what a configuration says, which lives as long as the file.
    pub(crate) fn config(file: &tempfile::NamedTempFile) -> Self {
        Self::default().with(&["--config", file.path().to_str().unwrap()])
    }

    pub(crate) fn with(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// Runs the command with a report for people.
    pub(crate) fn run(&self) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diesel-routing"));
        command.arg("doctor").args(&self.args);
        for variable in ["DIESEL_ROUTING_CONFIG", "DIESEL_ROUTING_NODES", "COLUMNS"] {
            command.env_remove(variable);
        }
        command.output().unwrap()
    }

    /// Runs the command with a report for programs.
    pub(crate) fn report(&self) -> Report {
        let output = self.clone().with(&["--json"]).run();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let json = serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("{error}: {stdout}\n{stderr}"));
        Report {
            code: output.status.code().unwrap(),
            json,
            stderr,
        }
    }

    /// Runs the command until it finds this, for a state that takes its time.
    pub(crate) fn until(&self, code: &str) -> Report {
        let since = Instant::now();
        loop {
            let report = self.report();
            if report.has(code) || since.elapsed() > LIMIT {
                report.find(code);
                return report;
            }
        }
    }

    /// Runs the command, looking for these findings alone, and checks that each is found, and no other.
    pub(crate) fn finds(&self, codes: &[&str]) -> Report {
        let report = self.report();
        assert_eq!(report.codes(), codes, "{:#}", report.json);
        report
    }
}

impl Report {
    /// Returns the codes that were found, in order, each once.
    pub(crate) fn codes(&self) -> Vec<&str> {
        let mut codes: Vec<_> = self
            .findings()
            .map(|finding| finding["code"].as_str().unwrap())
            .collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    pub(crate) fn has(&self, code: &str) -> bool {
        self.codes().contains(&code)
    }

    /// Returns the first finding with this code.
    pub(crate) fn find(&self, code: &str) -> &Value {
        let mut findings = self.findings();
        let found = findings.find(|finding| finding["code"] == code);
        found.unwrap_or_else(|| panic!("{code} is not found: {:#}", self.json))
    }

    /// Checks that this is found about this node, and that a value seen has these words in it.
    #[track_caller]
    pub(crate) fn says(&self, code: &str, node: &str, words: &str) {
        let mut findings = self.findings().filter(|finding| finding["code"] == code);
        let of_node = |finding: &&Value| {
            let nodes = finding["nodes"].as_array().unwrap();
            (nodes.is_empty() && node.is_empty()) || nodes.iter().any(|name| name == node)
        };
        let finding = findings.find(of_node);
        let finding = finding.unwrap_or_else(|| {
            panic!(
                "{code} of {node} is not found: {:#} {}",
                self.json, self.stderr
            )
        });
        assert!(!finding["remedy"].as_str().unwrap().is_empty());
        let text = finding.to_string();
        assert!(text.contains(words), "no {words:?} in {finding:#}");
    }

    /// Returns what is known of a node.
    pub(crate) fn node(&self, name: &str) -> &Value {
        let mut nodes = self.json["nodes"].as_array().unwrap().iter();
        nodes.find(|node| node["name"] == name).unwrap()
    }

    fn findings(&self) -> impl Iterator<Item = &Value> {
        self.json["findings"].as_array().unwrap().iter()
    }
}

/// Writes a configuration.
pub(crate) fn config(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}
