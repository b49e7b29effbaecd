//! What a step wants on the machine.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::apt::{self, Package};
use crate::tool::{self, Tool};
use crate::workspace::Workspace;

/// A system package or a program of the Rust world.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    Package(&'static Package),
    Tool(&'static Tool),
}

/// Install what is not there yet.
///
/// Returns the names of programs that no route could install and that the steps can do without.
///
/// # Errors
///
/// When anything else can't be installed; nothing has run then.
pub(crate) fn satisfy<'a>(
    workspace: &Workspace,
    needs: impl IntoIterator<Item = &'a Need>,
) -> Result<BTreeSet<&'static str>> {
    let mut packages = Vec::<&Package>::new();
    let mut tools = Vec::<&Tool>::new();
    for need in needs {
        match need {
            Need::Package(wanted) => {
                if !packages.iter().any(|known| known.name == wanted.name) && !(wanted.present)() {
                    packages.push(wanted);
                }
            }
            Need::Tool(wanted) => {
                if !tools.iter().any(|known| known.binary == wanted.binary) {
                    tools.push(wanted);
                }
            }
        }
    }
    apt::install(workspace, &packages)?;

    let missing = tool::install(workspace, &tools)?;
    if let Some(tool) = missing.iter().find(|tool| tool.required) {
        bail!(
            "{} could not be installed; `cargo install --locked {}` may say why",
            tool.binary,
            tool.krate
        );
    }
    Ok(missing.into_iter().map(|tool| tool.binary).collect())
}
