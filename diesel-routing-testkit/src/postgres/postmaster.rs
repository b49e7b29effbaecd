use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::ServerError;
use crate::server::Host;

/// Returns whether the server `pid` in `data` says that it takes connections, or that it never will
/// (`hot_standby=off`): line 8 of `postmaster.pid`, as `pg_ctl` reads it.
pub(super) fn is_ready(data: &Path, pid: u32) -> bool {
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
        return false;
    };
    let mut lines = text.lines();
    let is_ours = lines.next().and_then(|pid| pid.trim().parse().ok()) == Some(pid);
    is_ours && matches!(lines.nth(6).map(str::trim), Some("ready" | "standby"))
}

/// Removes the lock file of a killed server in `data`, before the next one starts: in containers every
/// server is process 1, so the file would look like the new one's.
pub(super) fn forget(data: &Path, host: &Host) -> Result<(), ServerError> {
    if !host.is_container() {
        return Ok(());
    }
    let lock = data.join("postmaster.pid");
    match fs::remove_file(&lock) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(ServerError::io("remove", &lock)(error))
        }
        _ => Ok(()),
    }
}

/// Gives back the System V segment that a killed server in `data` has left, as its next start would.
pub(super) fn release_memory(data: &Path, host: &Host) {
    // A container's is gone with it, and its name may be another's here.
    if host.is_container() {
        return;
    }
    let Ok(lock) = fs::read_to_string(data.join("postmaster.pid")) else {
        return;
    };
    let Some(id) = lock
        .lines()
        .nth(6)
        .and_then(|line| line.split_whitespace().nth(1))
    else {
        return;
    };
    // Without `ipcrm` 56 bytes stay behind until the machine restarts.
    let _ = Command::new("ipcrm")
        .args(["-m", id])
        .stderr(Stdio::null())
        .status();
}
