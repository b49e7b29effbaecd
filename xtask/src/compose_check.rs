//! `cargo xtask compose-check`: does `docker-compose.yml` mean something?

use anyhow::Result;

use crate::invocation::Invocation;
use crate::step::{Step, Verdict};
use crate::workspace::Workspace;

/// The plugin of today's Docker, and the program of its own that came before.
const CLIENTS: [(&str, &[&str]); 2] = [("docker", &["compose"]), ("docker-compose", &[])];

pub(crate) fn step() -> Step {
    Step::check(
        "compose",
        "docker-compose.yml is valid (`docker compose config`; needs no engine)",
        check,
    )
}

fn check(workspace: &Workspace) -> Result<Verdict> {
    let client = CLIENTS
        .into_iter()
        .map(|(program, args)| Invocation::new(program).args(args.iter().copied()))
        .find(|client| client.clone().args(["version"]).read(workspace).is_ok());
    match client {
        Some(client) => {
            client.args(["config", "--quiet"]).read(workspace)?;
            Ok(Verdict::Passed { notes: Vec::new() })
        }
        None => Ok(Verdict::LeftOut(
            "docker-compose.yml was not checked: neither `docker compose` nor `docker-compose` is installed"
                .to_owned(),
        )),
    }
}
