//! What a step wants on the machine.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::apt::{self, Package};
use crate::server::Server;
use crate::tool::{self, Tool};
use crate::workspace::Workspace;

/// A system package, a program of the Rust world, or a PostgreSQL server of a certain version.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    Package(&'static Package),
    Tool(&'static Tool),
    Server(Server),
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
    let mut servers = Vec::<Server>::new();
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
            Need::Server(wanted) => {
                if !servers.contains(wanted) {
                    servers.push(*wanted);
                }
            }
        }
    }
    apt::install(workspace, &packages)?;
    for server in servers {
        server.install(workspace)?;
    }

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
