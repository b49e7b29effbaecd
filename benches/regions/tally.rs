//! `Tally`: times and ages of reads, as percentiles.

use std::fmt;
use std::time::Duration;

use diesel_routing::Error;
use hdrhistogram::Histogram;

use super::Outcome;
use super::choice::Seen;

/// The times and ages of some reads, in microseconds.
#[derive(Debug)]
pub(crate) struct Tally {
    times: Histogram<u64>,
    ages: Histogram<u64>,
    writes: Histogram<u64>,
    on_primary: u64,
    refused: u64,
}

impl Tally {
    pub(crate) fn new() -> Outcome<Self> {
        Ok(Self {
            times: Histogram::new(3)?,
            ages: Histogram::new(3)?,
            writes: Histogram::new(3)?,
            on_primary: 0,
            refused: 0,
        })
    }

    /// Records a write.
    pub(crate) fn wrote(&mut self, took: Duration) -> Outcome {
        Ok(self.writes.record(micros(took))?)
    }

    /// Records a read that was asked for at this time.
    pub(crate) fn read(
        &mut self,
        read: Result<Seen, Error>,
        took: Duration,
        asked: i64,
    ) -> Outcome {
        match read {
            Ok(seen) => {
                self.times.record(micros(took))?;
                self.ages
                    .record(u64::try_from(asked - seen.at).unwrap_or(0))?;
                self.on_primary += u64::from(seen.is_primary);
            }
            Err(Error::OtherRegion { .. }) => self.refused += 1,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Adds what another user has measured.
    pub(crate) fn add(&mut self, other: &Self) -> Outcome {
        self.times.add(&other.times)?;
        self.ages.add(&other.ages)?;
        self.writes.add(&other.writes)?;
        self.on_primary += other.on_primary;
        self.refused += other.refused;
        Ok(())
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |histogram: &Histogram<u64>, quantile| {
            Duration::from_micros(histogram.value_at_quantile(quantile)).as_secs_f64() * 1e3
        };
        let share = |count: u64, of: u64| 100.0 * count as f64 / (of.max(1)) as f64;
        let served = self.times.len();
        write!(
            f,
            "{:>8.1} {:>8.1} {:>10.0} {:>10.0} {:>6.1}% {:>7.1}% {:>9.1}",
            millis(&self.times, 0.5),
            millis(&self.times, 0.99),
            millis(&self.ages, 0.5),
            millis(&self.ages, 0.99),
            share(self.on_primary, served),
            share(self.refused, served + self.refused),
            millis(&self.writes, 0.5),
        )
    }
}
