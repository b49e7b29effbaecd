//! What this process takes, as Linux counts it.

use std::fs;
use std::time::Duration;

use crate::Outcome;

/// Returns the processor time so far, in user and kernel mode.
pub(crate) fn processor_time() -> Outcome<Duration> {
    // Nanoseconds that a thread ran; all threads are listed.
    let mut nanos = 0_u64;
    for thread in fs::read_dir("/proc/self/task")? {
        // One may have ended since.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else {
            continue;
        };
        let ran = text.split_ascii_whitespace().next().ok_or("no times")?;
        nanos += ran.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}

/// Returns the bytes of memory in use.
pub(crate) fn resident_bytes() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next());
    Ok(kib.ok_or("no VmRSS")?.parse::<u64>()? * 1024)
}
