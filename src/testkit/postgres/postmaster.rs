use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether the server `pid` in `data` says that it takes connections, or that it never will
/// (`hot_standby=off`): line 8 of `postmaster.pid`, as `pg_ctl` reads it.
pub(super) fn is_ready(data: &Path, pid: u32) -> bool {
    let Ok(text) = fs::read_to_string(data.join("postmaster.pid")) else {
        return false;
    };
    let mut lines = text.lines();
    let is_ours = lines.next().and_then(|pid| pid.trim().parse().ok()) == Some(pid);
    is_ours && matches!(lines.nth(6).map(str::trim), Some("ready" | "standby"))
}

/// Gives back the System V segment that a killed server in `data` has left, as its next start would.
pub(super) fn release_memory(data: &Path) {
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
