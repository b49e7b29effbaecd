use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::PgError;
use super::deadline::Deadline;
use super::error::tail;

/// Runs one of PostgreSQL's programs to its end, its output in `log`.
pub(super) fn run(
    name: &'static str,
    mut command: Command,
    log: &Path,
    limit: Duration,
) -> Result<(), PgError> {
    let output = File::create(log).map_err(PgError::io("create", log))?;
    let errors = output.try_clone().map_err(PgError::io("open", log))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .map_err(PgError::io("run", name))?;
    let ended = Deadline::after(limit)
        .poll(|| child.try_wait())
        .map_err(PgError::io("wait for", name))?;
    match ended {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(PgError::Program {
            program: name,
            status,
            output: tail(log),
        }),
        None => {
            let _ = child.kill();
            let _ = child.wait();
            Err(PgError::Timeout {
                node: name.into(),
                step: "its run",
                limit,
                log: tail(log),
            })
        }
    }
}
