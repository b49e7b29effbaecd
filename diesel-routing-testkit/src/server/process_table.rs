use nix::unistd::Pid;
use procfs::process::{Process, Stat, all_processes};

/// Returns what the kernel says of a process, or `None` if it is gone.
pub(crate) fn find(pid: Pid) -> Option<Stat> {
    Process::new(pid.as_raw()).ok()?.stat().ok()
}

/// Returns whether a signal has stopped the process.
pub(crate) fn is_stopped(process: &Stat) -> bool {
    process.state == 'T'
}

/// Returns whether the process has ended, though nobody has asked for its status yet.
pub(crate) fn is_zombie(process: &Stat) -> bool {
    matches!(process.state, 'Z' | 'X')
}

/// Returns the direct children of `parent`, zombies left out. Exact while `parent` is stopped.
pub(crate) fn children(parent: Pid) -> Vec<Pid> {
    let all = all_processes().into_iter().flatten();
    all.filter_map(|process| process.ok()?.stat().ok())
        .filter(|process| process.ppid == parent.as_raw() && !is_zombie(process))
        .map(|process| Pid::from_raw(process.pid))
        .collect()
}
