//! `RunId`: what one run's schema and statements are named by.

use std::fmt;
use std::time::{Duration, SystemTime};

/// The beginning of every run's name.
pub(crate) const PREFIX: &str = "diesel_routing_verify_";

/// The time after its planned end in which a run may still be at work.
const GRACE: Duration = Duration::from_secs(120);

/// The name of a run: it says until when the run may be at work, so that others can tell what it left behind from what it
/// still needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunId(String);

impl RunId {
    /// Creates the name of a run of this length that begins now.
    pub(crate) fn new(now: SystemTime, length: Duration) -> Self {
        let until = seconds(now).saturating_add((length + GRACE).as_secs());
        let random: u32 = rand::random();
        Self(format!("{PREFIX}{until:010x}_{random:08x}"))
    }

    /// Reads the name of a schema, or of one of the tables that stand in for one; `None` if no run has it.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let rest = name.strip_prefix(PREFIX)?;
        let (until, rest) = rest.split_at_checked(10)?;
        let random = rest.strip_prefix('_')?.get(..8)?;
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hex(until) && is_hex(random)).then(|| Self(format!("{PREFIX}{until}_{random}")))
    }

    /// Returns whether no run of this name can be at work any more.
    pub(crate) fn is_over(&self, now: SystemTime) -> bool {
        let until = self.0[PREFIX.len()..].get(..10);
        let until = until.and_then(|until| u64::from_str_radix(until, 16).ok());
        until.is_some_and(|until| until < seconds(now))
    }

    /// Returns the part that is this run's alone, short enough for the front of a statement.
    pub(crate) fn short(&self) -> &str {
        self.0.rsplit('_').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_over_after_its_planned_end_and_the_time_to_clean_up() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let run = RunId::new(now, Duration::from_secs(60));
        assert!(!run.is_over(now + Duration::from_secs(60) + GRACE));
        assert!(run.is_over(now + Duration::from_secs(61) + GRACE));
        assert!(run.0.len() < 63, "{run}");
    }

    #[test]
    fn names_of_schemas_and_of_tables_are_read_and_others_are_not() {
        let run = RunId::new(SystemTime::now(), Duration::ZERO);
        assert_eq!(RunId::of(&run.to_string()), Some(run.clone()));
        assert_eq!(RunId::of(&format!("{run}_log")), Some(run));
        assert_eq!(RunId::of("diesel_routing_verify_notes"), None);
        assert_eq!(RunId::of("diesel_routing_verify_zzzzzzzzzz_00000000"), None);
        assert_eq!(RunId::of("users"), None);
    }
}
