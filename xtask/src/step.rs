//! One thing that a command does, as a value.

use anyhow::{Result, bail};
use xshell::Cmd;

use crate::need::Need;
use crate::workspace::Workspace;

/// A check written here, or a preparation; returns why the step is left out on this machine, if it is.
pub(crate) type Check = fn(&Workspace) -> Result<Option<String>>;

/// A named step with its reason: an optional check, then commands, then an optional review.
#[derive(Debug, Default)]
pub(crate) struct Step<'a> {
    /// What `--only` calls it.
    pub(crate) name: String,
    /// Why it is there, in one line.
    pub(crate) why: &'static str,
    /// What must be on the machine before any step runs.
    pub(crate) needs: Vec<Need>,
    /// What comes before the commands.
    pub(crate) check: Option<Check>,
    /// What runs, one after the other.
    pub(crate) commands: Vec<Cmd<'a>>,
    /// A look at what the commands made.
    pub(crate) review: Option<Check>,
    /// Whether the commands run tests, which are counted; the step fails when there are none.
    pub(crate) tests: bool,
}

impl<'a> Step<'a> {
    pub(crate) fn new(name: impl Into<String>, why: &'static str) -> Self {
        Self {
            name: name.into(),
            why,
            ..Self::default()
        }
    }

    pub(crate) fn needs(mut self, needs: impl IntoIterator<Item = Need>) -> Self {
        self.needs.extend(needs);
        self
    }

    pub(crate) fn check(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }

    pub(crate) fn run(mut self, command: Cmd<'a>) -> Self {
        self.commands.push(command.quiet());
        self
    }

    pub(crate) fn review(mut self, review: Check) -> Self {
        self.review = Some(review);
        self
    }

    pub(crate) fn test(mut self, command: Cmd<'a>) -> Self {
        self.tests = true;
        self.run(command)
    }
}

/// Returns the steps with these names, in the order they have; all of them when no name is given.
pub(crate) fn select<'a>(steps: Vec<Step<'a>>, only: &[String]) -> Result<Vec<Step<'a>>> {
    let names: Vec<_> = steps.iter().map(|step| step.name.clone()).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(name)) {
        bail!(
            "there is no step `{unknown}`; the steps are: {}",
            names.join(", ")
        );
    }
    let is_wanted = |step: &Step<'_>| only.is_empty() || only.contains(&step.name);
    Ok(steps.into_iter().filter(is_wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(only: &[&str]) -> Result<Vec<String>> {
        let steps = ["fmt", "docs", "tests"].map(|name| Step::new(name, ""));
        let only: Vec<_> = only.iter().map(ToString::to_string).collect();
        Ok(select(steps.into(), &only)?
            .into_iter()
            .map(|step| step.name)
            .collect())
    }

    #[test]
    fn selected_steps_keep_their_order() {
        assert_eq!(selected(&["tests", "fmt"]).unwrap(), ["fmt", "tests"]);
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_known_ones() {
        let error = selected(&["format"]).unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no step `format`; the steps are: fmt, docs, tests"
        );
    }
}
