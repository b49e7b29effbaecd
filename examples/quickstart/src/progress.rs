//! The live line.

use indicatif::{ProgressBar, ProgressStyle};

use crate::board::Tally;

/// One line on a terminal; nothing elsewhere. Erased when dropped, so that results stand alone.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(reads: u64) -> anyhow::Result<Self> {
        let bar = ProgressBar::new(reads);
        let style =
            ProgressStyle::with_template("   {elapsed:>3} [{bar:30}] {pos}/{len} reads, {msg}")?;
        bar.set_style(style.progress_chars("=> "));
        Ok(Self(bar))
    }

    pub(crate) fn advance(&self, tallies: &[Tally]) {
        let stale: u32 = tallies.iter().map(|tally| tally.stale).sum();
        self.0.set_message(format!("{stale} stale"));
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
