//! The share of the processors that a server's processes use: what an application's own monitoring would tell.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The time between two looks.
const INTERVAL: Duration = Duration::from_millis(100);
/// Ticks of the kernel's clock in a second, as Linux counts processes' times on all usual machines.
const TICKS: f64 = 100.0;

/// Looks at a server's processes until it is dropped.
#[derive(Debug)]
pub(crate) struct Processor {
    share: Arc<AtomicU32>,
    is_over: Arc<AtomicBool>,
}

impl Processor {
    /// Starts looking at a process and its children.
    pub(crate) fn of(parent: u32) -> Self {
        let share = Arc::new(AtomicU32::new(0));
        let is_over = Arc::new(AtomicBool::new(false));
        let (told, over) = (Arc::clone(&share), Arc::clone(&is_over));
        thread::spawn(move || {
            let processors = thread::available_parallelism().map_or(1, usize::from) as f64;
            let (mut used, mut at, mut recent) = (ticks(parent), Instant::now(), 0.0);
            while !over.load(Ordering::Relaxed) {
                thread::sleep(INTERVAL);
                let (now, passed) = (ticks(parent), at.elapsed().as_secs_f64());
                let share = now.saturating_sub(used) as f64 / TICKS / passed / processors;
                // Of a few looks: a tick is a tenth of one.
                recent = recent * 0.7 + share * 0.3;
                told.store((recent * 1e6) as u32, Ordering::Relaxed);
                (used, at) = (now, Instant::now());
            }
        });
        Self { share, is_over }
    }

    /// Returns a function that tells the share, from 0 to 1.
    pub(crate) fn share(&self) -> impl Fn() -> f64 + Send + Sync + 'static {
        let share = Arc::clone(&self.share);
        move || f64::from(AtomicU32::load(&share, Ordering::Relaxed)) / 1e6
    }
}

impl Drop for Processor {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Returns the processor time of a process and its children, in ticks.
fn ticks(parent: u32) -> u64 {
    let Ok(processes) = fs::read_dir("/proc") else {
        return 0;
    };
    let processes = processes.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        let pid: u32 = name.to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // After the name, which may hold anything: state, parent, and so on.
        let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        let is_its = pid == parent || number(1)? == u64::from(parent);
        is_its.then(|| Some(number(11)? + number(12)?))?
    });
    processes.sum()
}
