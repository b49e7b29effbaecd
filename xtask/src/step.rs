//! One thing a chore does, as a value.

use std::fmt;

use anyhow::{Result, bail};

use crate::invocation::Invocation;
use crate::need::Need;
use crate::tool::Tool;
use crate::workspace::Workspace;

/// A named step with its reason.
#[derive(Debug)]
pub(crate) struct Step {
    /// What `--only` calls it.
    pub(crate) name: String,
    /// Why it is there, in one line.
    pub(crate) why: &'static str,
    /// What must be on the machine before it runs.
    pub(crate) needs: Vec<Need>,
    pub(crate) action: Action,
}

impl Step {
    /// A command that fails when its exit code says so.
    pub(crate) fn run(name: impl Into<String>, why: &'static str, invocation: Invocation) -> Self {
        Self {
            name: name.into(),
            why,
            needs: Vec::new(),
            action: Action::Run(invocation),
        }
    }

    /// A command that runs tests: its summary lines are counted.
    pub(crate) fn test(name: impl Into<String>, why: &'static str, invocation: Invocation) -> Self {
        let action = Action::Test {
            invocation,
            without: None,
        };
        Self {
            name: name.into(),
            why,
            needs: Vec::new(),
            action,
        }
    }

    /// A check of our own.
    pub(crate) fn check(name: &'static str, why: &'static str, check: Check) -> Self {
        Self {
            name: name.into(),
            why,
            needs: Vec::new(),
            action: Action::Check(check),
        }
    }

    /// A step that can't run here, and why.
    pub(crate) fn left_out(
        name: impl Into<String>,
        why: &'static str,
        reason: &'static str,
    ) -> Self {
        Self {
            name: name.into(),
            why,
            needs: Vec::new(),
            action: Action::LeftOut(reason),
        }
    }

    pub(crate) fn needs(mut self, needs: impl IntoIterator<Item = Need>) -> Self {
        self.needs.extend(needs);
        self
    }

    /// Run `otherwise` where `tool` is not to be had; the change is reported.
    pub(crate) fn without(mut self, tool: &'static Tool, otherwise: Invocation) -> Self {
        if let Action::Test { without, .. } = &mut self.action {
            *without = Some((tool, otherwise));
        }
        self
    }
}

/// A check written here instead of by others.
pub(crate) type Check = fn(&Workspace) -> Result<Verdict>;

/// What a check found when it found no error.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// All is well; notes are worth a look and fail nothing.
    Passed { notes: Vec<String> },
    /// It could not be done here.
    LeftOut(String),
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum Action {
    Run(Invocation),
    Test {
        invocation: Invocation,
        without: Option<(&'static Tool, Invocation)>,
    },
    Check(Check),
    LeftOut(&'static str),
}

/// The command, as one would type it.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(invocation) | Self::Test { invocation, .. } => invocation.fmt(f),
            Self::Check(_) => f.write_str("(built into cargo xtask)"),
            Self::LeftOut(reason) => write!(f, "(left out: {reason})"),
        }
    }
}

/// The steps with these names, in the order they have; all of them when no name is given.
pub(crate) fn select(steps: Vec<Step>, only: &[String]) -> Result<Vec<Step>> {
    let names: Vec<_> = steps.iter().map(|step| step.name.clone()).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(name)) {
        bail!(
            "there is no step `{unknown}`; the steps are: {}",
            names.join(", ")
        );
    }
    Ok(steps
        .into_iter()
        .filter(|step| only.is_empty() || only.contains(&step.name))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> Vec<Step> {
        ["fmt", "docs", "tests"]
            .map(|name| Step::run(name, "", Invocation::new("true")))
            .into()
    }

    #[test]
    fn selected_steps_keep_their_order() {
        let selected = select(steps(), &["tests".to_owned(), "fmt".to_owned()]).unwrap();
        assert_eq!(
            selected
                .iter()
                .map(|step| step.name.as_str())
                .collect::<Vec<_>>(),
            ["fmt", "tests"]
        );
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_known_ones() {
        let error = select(steps(), &["format".to_owned()])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "there is no step `format`; the steps are: fmt, docs, tests"
        );
    }
}
