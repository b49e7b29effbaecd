use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns a command that sees nothing of the caller's environment but the search paths.
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

/// Lists directories for an error message.
pub(crate) fn searched(dirs: &[PathBuf]) -> String {
    let dirs: Vec<String> = dirs.iter().map(|dir| dir.display().to_string()).collect();
    dirs.join(", ")
}
