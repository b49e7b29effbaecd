//! The processor time of programs, by `/proc`.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;
use procfs::process::{Process, all_processes};

/// The name of the threads of the runtime that the clients run on.
pub(crate) const CLIENT: &str = "client";

/// The processor time that was spent until some moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ProcessorTime {
    /// By the threads that the clients run on, with their pools and routers; without the kit's relays.
    pub(crate) client: Duration,
    /// By the peer's program.
    pub(crate) program: Duration,
    /// By the database servers.
    pub(crate) servers: Duration,
}

impl ProcessorTime {
    pub(crate) fn now(programs: &[u32], servers: &[u32]) -> Result<Self> {
        let processes = Processes::now()?;
        let tree = |pid: &u32| processes.of_tree(i32::try_from(*pid).unwrap_or_default());
        Ok(Self {
            client: of_client_threads()?,
            program: programs.iter().map(tree).sum(),
            servers: servers.iter().map(tree).sum(),
        })
    }

    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            client: self.client.saturating_sub(earlier.client),
            program: self.program.saturating_sub(earlier.program),
            servers: self.servers.saturating_sub(earlier.servers),
        }
    }
}

fn of_client_threads() -> Result<Duration> {
    let mut ticks = 0;
    for task in Process::myself()?.tasks()?.flatten() {
        // A thread that ends in the meantime has no file any more.
        if let Ok(stat) = task.stat()
            && stat.comm == CLIENT
        {
            ticks += stat.utime + stat.stime;
        }
    }
    Ok(duration(ticks))
}

/// All processes, with their ticks: those of children that have ended included.
struct Processes {
    ticks: HashMap<i32, u64>,
    children: HashMap<i32, Vec<i32>>,
}

impl Processes {
    fn now() -> Result<Self> {
        let mut this = Self {
            ticks: HashMap::new(),
            children: HashMap::new(),
        };
        for process in all_processes()?.flatten() {
            let Ok(stat) = process.stat() else {
                continue;
            };
            let ended = u64::try_from(stat.cutime + stat.cstime).unwrap_or_default();
            this.add(stat.pid, stat.ppid, stat.utime + stat.stime + ended);
        }
        Ok(this)
    }

    fn add(&mut self, pid: i32, parent: i32, ticks: u64) {
        self.ticks.insert(pid, ticks);
        self.children.entry(parent).or_default().push(pid);
    }

    /// Returns the time of a process and of all its descendants.
    fn of_tree(&self, root: i32) -> Duration {
        let mut left = vec![root];
        let mut sum = 0;
        while let Some(pid) = left.pop() {
            sum += self.ticks.get(&pid).copied().unwrap_or_default();
            left.extend(self.children.get(&pid).into_iter().flatten());
        }
        duration(sum)
    }
}

fn duration(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / procfs::ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_a_process_with_all_its_descendants() {
        let mut processes = Processes {
            ticks: HashMap::new(),
            children: HashMap::new(),
        };
        for (pid, parent, ticks) in [
            (1, 0, 1000),
            (10, 1, 5),
            (11, 10, 7),
            (12, 11, 9),
            (20, 1, 3),
        ] {
            processes.add(pid, parent, ticks);
        }
        assert_eq!(processes.of_tree(10), duration(21));
        assert_eq!(processes.of_tree(20), duration(3));
        assert_eq!(processes.of_tree(99), Duration::ZERO);
    }

    #[test]
    fn work_on_a_clients_thread_counts_and_other_work_does_not() {
        let spin = |name: &str| {
            let before = of_client_threads().unwrap();
            let thread = std::thread::Builder::new().name(name.into());
            let (mut spent, start) = (Duration::ZERO, std::time::Instant::now());
            thread
                .spawn(move || {
                    while spent < Duration::from_millis(100) && start.elapsed().as_secs() < 20 {
                        std::hint::black_box((0..100_000).sum::<u64>());
                        spent = of_client_threads().unwrap().saturating_sub(before);
                        if std::thread::current().name() != Some(CLIENT)
                            && start.elapsed().as_millis() > 200
                        {
                            break;
                        }
                    }
                    spent
                })
                .unwrap()
                .join()
                .unwrap()
        };
        assert!(spin(CLIENT) >= Duration::from_millis(100));
        assert_eq!(spin("another"), Duration::ZERO);
    }
}
