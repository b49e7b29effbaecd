use std::fs;

use nix::unistd::Pid;

/// A process as `/proc/<pid>/stat` shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pub(crate) pid: Pid,
    parent: Pid,
    state: char,
}

impl Process {
    pub(crate) fn find(pid: Pid) -> Option<Self> {
        parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Stopped by a signal.
    pub(crate) fn is_stopped(self) -> bool {
        self.state == 'T'
    }

    /// Ended, though nobody has asked for its status yet.
    pub(crate) fn is_zombie(self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// The direct children of `parent`, zombies left out. Exact while `parent` is stopped.
pub(crate) fn children(parent: Pid) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Process::find(Pid::from_raw(pid)))
        .filter(|process| process.parent == parent && !process.is_zombie())
        .map(|process| process.pid)
        .collect()
}

/// `pid (name) state parent ..`; the name may hold blanks and brackets.
fn parse(stat: &str) -> Option<Process> {
    let (front, back) = stat.rsplit_once(')')?;
    let pid = front.split_once(' ')?.0.parse().ok()?;
    let mut fields = back.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    Some(Process {
        pid: Pid::from_raw(pid),
        parent: Pid::from_raw(parent),
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let process = parse("42 (a ) b (c) T 7 42 42 0 -1").unwrap();
        assert_eq!((process.pid.as_raw(), process.parent.as_raw()), (42, 7));
        assert!(process.is_stopped());
    }
}
