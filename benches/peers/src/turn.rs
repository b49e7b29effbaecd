//! The figures of a turn.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::options::ServerKind;
use crate::processor_time::ProcessorTime;
use crate::tally::Tally;

/// The conditions that sides are compared under.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub(crate) struct Scenario {
    /// Of PostgreSQL, in files from before there were others.
    #[serde(default)]
    pub(crate) servers: ServerKind,
    /// Each way, in microseconds.
    pub(crate) delay_us: u64,
    /// Of the replicas, in milliseconds.
    pub(crate) lag_ms: u64,
    pub(crate) clients: u32,
    /// The mean time before an act, in microseconds.
    pub(crate) think_us: u64,
    /// Acts a second, if they are at a fixed rate.
    pub(crate) open_loop: Option<u32>,
    pub(crate) sidecar: bool,
}

/// One turn of one side.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Turn {
    pub(crate) scenario: Scenario,
    pub(crate) side: String,
    pub(crate) round: u32,
    /// Reads and writes a second.
    pub(crate) rate: f64,
    pub(crate) reads: u64,
    pub(crate) read_p50_us: f64,
    pub(crate) read_p99_us: f64,
    pub(crate) write_p50_us: f64,
    pub(crate) own_reads: u64,
    pub(crate) stale: u64,
    pub(crate) back: u64,
    /// The share of reads that replicas served.
    pub(crate) off_primary: f64,
    /// Processor time per read or write, in microseconds (milliseconds per 1,000).
    pub(crate) client_us: f64,
    pub(crate) program_us: f64,
    pub(crate) servers_us: f64,
}

impl Turn {
    /// Returns the processor time of client and program.
    pub(crate) fn ours_to_pay(&self) -> f64 {
        self.client_us + self.program_us
    }
}

/// The counts of a turn, before they are made into figures.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) tally: Tally,
    pub(crate) took: Duration,
    /// In a part of the turn, in which the clients acted so often.
    pub(crate) spent: ProcessorTime,
    pub(crate) acts: u64,
    /// On the primary, and on the replicas.
    pub(crate) reads: (i64, i64),
}

impl Counted {
    pub(crate) fn figures(&self, scenario: Scenario, side: &str, round: u32) -> Turn {
        let acts = self.acts.max(1) as f64;
        let per_act = |time: Duration| time.as_secs_f64() * 1e6 / acts;
        let (primary, replicas) = self.reads;
        Turn {
            scenario,
            side: side.into(),
            round,
            rate: self.tally.acts() as f64 / self.took.as_secs_f64(),
            reads: self.tally.reads.len(),
            read_p50_us: self.tally.reads.value_at_quantile(0.5) as f64,
            read_p99_us: self.tally.reads.value_at_quantile(0.99) as f64,
            write_p50_us: self.tally.writes.value_at_quantile(0.5) as f64,
            own_reads: self.tally.own_reads,
            stale: self.tally.stale,
            back: self.tally.back,
            off_primary: replicas as f64 / (primary + replicas).max(1) as f64,
            client_us: per_act(self.spent.client),
            program_us: per_act(self.spent.program),
            servers_us: per_act(self.spent.servers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Seen;

    #[test]
    fn processor_time_is_per_read_or_write() {
        let mut tally = Tally::new().unwrap();
        tally.wrote(Duration::from_millis(2)).unwrap();
        for _ in 0..3 {
            tally
                .read(Seen::Fresh, false, Duration::from_millis(1))
                .unwrap();
        }
        let counted = Counted {
            tally,
            took: Duration::from_millis(500),
            spent: ProcessorTime {
                client: Duration::from_micros(400),
                program: Duration::from_micros(80),
                servers: Duration::from_micros(40),
            },
            acts: 4,
            reads: (1, 3),
        };
        let turn = counted.figures(Scenario::default(), "a side", 0);
        assert_eq!(turn.rate, 8.0);
        assert_eq!((turn.client_us, turn.servers_us), (100.0, 10.0));
        assert_eq!(turn.ours_to_pay(), 120.0);
        assert_eq!(turn.off_primary, 0.75);
    }

    #[test]
    fn a_scenario_of_before_there_were_others_is_one_of_postgresql() {
        let scenario = Scenario {
            servers: ServerKind::MariaDb,
            ..Scenario::default()
        };
        let mut value = serde_json::to_value(scenario).unwrap();
        let read = |value: &serde_json::Value| -> Scenario {
            serde_json::from_value(value.clone()).unwrap()
        };
        assert_eq!(read(&value), scenario);
        assert!(value.as_object_mut().unwrap().remove("servers").is_some());
        assert_eq!(read(&value), Scenario::default());
    }

    impl Default for Scenario {
        fn default() -> Self {
            Self {
                servers: ServerKind::default(),
                delay_us: 0,
                lag_ms: 0,
                clients: 8,
                think_us: 0,
                open_loop: None,
                sidecar: false,
            }
        }
    }
}
