use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Deadline, ServerError, tail};

/// Runs one of a server's programs to its end, its output in `log`.
pub(crate) fn run(
    name: &'static str,
    mut command: Command,
    log: &Path,
    limit: Duration,
) -> Result<(), ServerError> {
    let output = File::create(log).map_err(ServerError::io("create", log))?;
    let errors = output.try_clone().map_err(ServerError::io("open", log))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .map_err(ServerError::io("run", name))?;
    let ended = Deadline::after(limit)
        .poll(|| child.try_wait())
        .map_err(ServerError::io("wait for", name))?;
    match ended {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(ServerError::Program {
            program: name,
            status,
            output: tail(log),
        }),
        None => {
            let _ = child.kill();
            let _ = child.wait();
            Err(ServerError::Timeout {
                node: name.into(),
                step: "its run",
                limit,
                log: tail(log),
            })
        }
    }
}

/// A command that sees nothing of the caller's environment but the search paths.
pub(crate) fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir("/");
    for kept in ["PATH", "LD_LIBRARY_PATH"] {
        if let Some(value) = env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
}

/// Directories for an error message.
pub(crate) fn searched(dirs: &[PathBuf]) -> String {
    let dirs: Vec<String> = dirs.iter().map(|dir| dir.display().to_string()).collect();
    dirs.join(", ")
}
