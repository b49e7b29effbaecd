//! What is shown while it runs.

use std::io::{Write, stderr};
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

/// The time between two lines where there is no terminal.
const EVERY: Duration = Duration::from_secs(60);

/// A live line on a terminal; elsewhere a line a minute. Erased when dropped, so that results stand alone.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    length: Duration,
    /// When the next line is due, without a terminal.
    due: Duration,
}

impl Progress {
    pub(crate) fn new(length: Duration) -> Result<Self> {
        let bar = ProgressBar::new(length.as_millis().try_into()?);
        let style = ProgressStyle::with_template("{elapsed:>4} [{bar:30}] {msg}")?;
        bar.set_style(style.progress_chars("=> "));
        let due = EVERY;
        Ok(Self { bar, length, due })
    }

    pub(crate) fn show(&mut self, elapsed: Duration, events: usize, errors: u64) {
        let position = elapsed.as_millis().try_into().unwrap_or(u64::MAX);
        self.bar.set_position(position);
        let text = format!("{events} events, {errors} acts failed");
        if self.bar.is_hidden() && elapsed >= self.due {
            self.due += EVERY;
            let (elapsed, length) = (elapsed.as_secs(), self.length.as_secs());
            // Nothing is left to be done if nobody reads it.
            let _ = writeln!(stderr(), "{elapsed} of {length} s: {text}");
        }
        self.bar.set_message(text);
    }

    pub(crate) fn waits(&self) {
        self.bar.set_message("faults and sessions end");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
