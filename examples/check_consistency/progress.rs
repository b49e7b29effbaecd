//! The live line.

use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

/// One line on a terminal; nothing elsewhere. Erased when dropped, so that results stand alone.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(length: Duration) -> Result<Self> {
        let bar = ProgressBar::new(length.as_millis().try_into()?);
        let style = ProgressStyle::with_template("{elapsed:>4} [{bar:30}] {msg}")?;
        bar.set_style(style.progress_chars("=> "));
        Ok(Self(bar))
    }

    pub(crate) fn show(&self, elapsed: Duration, events: usize) {
        self.0
            .set_position(elapsed.as_millis().try_into().unwrap_or(u64::MAX));
        self.0.set_message(format!("{events} events"));
    }

    pub(crate) fn waits(&self) {
        self.0.set_message("faults and sessions end");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
