//! Which faults come, and when. Pure: a seed gives the same schedule every time.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::network::{self, OnNetwork};

/// The number of standbys.
pub(crate) const STANDBYS: usize = 2;

/// Between failovers, at least: sessions must have left the window (5 s) behind.
const CALM: Duration = Duration::from_secs(12);
/// Before the first one.
const FIRST: Duration = Duration::from_secs(8);
/// So many come as soon as they may.
const QUICK_FAILOVERS: usize = 2;
/// Between the others: a server that is built anew applies all that was written since the start.
const LONG_CALM: Duration = Duration::from_secs(120);

/// Faults at the same time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Episode {
    /// Counted from the start; later if the one before took longer.
    pub(crate) from: Duration,
    /// Until the standbys' faults are undone.
    pub(crate) lasts: Duration,
    pub(crate) standbys: [Option<OnStandby>; STANDBYS],
    /// Comes while the standbys' faults last.
    pub(crate) primary: Option<OnPrimary>,
    /// Lasts as long as the standbys' faults.
    pub(crate) network: Option<OnNetwork>,
}

/// The fault that a standby has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum OnStandby {
    /// Replay is paused.
    Pause,
    /// Commits are applied so much later.
    Delay(Duration),
    /// Replay hangs, unknown to the server.
    HangReplay,
    /// All of its processes hang.
    Freeze,
    /// The network to the primary is cut.
    Cut,
    /// The network to the primary swallows everything.
    Hang,
    /// It is killed, and started again at once.
    Crash,
    /// It is killed, and started again at the end.
    Down,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum OnPrimary {
    /// A clean restart.
    Restart,
    /// It is killed and started again.
    Crash,
    /// It is killed, this standby is promoted, and it comes back as a standby. If so, what it had
    /// acknowledged last gets lost.
    Failover { to: usize, loses: bool },
}

impl OnStandby {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pause => "replay paused",
            Self::Delay(_) => "apply delay",
            Self::HangReplay => "replay hangs",
            Self::Freeze => "frozen",
            Self::Cut => "replication cut",
            Self::Hang => "replication hangs",
            Self::Crash => "standby crash",
            Self::Down => "standby down",
        }
    }
}

impl OnPrimary {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Restart => "primary restart",
            Self::Crash => "primary crash",
            Self::Failover { loses: false, .. } => "failover",
            Self::Failover { loses: true, .. } => "failover with loss",
        }
    }
}

/// Draws the episodes. `follows`: whether the routers follow a failover; if not, there is none.
pub(crate) fn draw(seed: u64, length: Duration, follows: bool) -> Vec<Episode> {
    let mut random = SmallRng::seed_from_u64(seed);
    // A sequence of its own: what happens to the servers depends on the seed alone.
    let mut network = SmallRng::seed_from_u64(!seed);
    let mut episodes = Vec::new();
    let (mut from, mut failovers, mut calm_until) = (Duration::ZERO, 0, FIRST);
    while from < length {
        from += millis(&mut random, 100, 900);
        let lasts = millis(&mut random, 100, 1500);
        let mut episode = Episode {
            from,
            lasts,
            standbys: [(); STANDBYS].map(|()| on_standby(&mut random)),
            primary: None,
            network: network::draw(&mut network, STANDBYS),
        };
        if follows && from >= calm_until {
            failovers += 1;
            let is_quick = failovers < QUICK_FAILOVERS;
            calm_until = from + if is_quick { CALM } else { LONG_CALM };
            episode.standbys = [None; STANDBYS];
            episode.primary = Some(OnPrimary::Failover {
                to: random.random_range(0..STANDBYS),
                loses: random.random(),
            });
        } else if random.random_ratio(1, 8) {
            // A clean shutdown waits for standbys that do not confirm what they got.
            let stalls = |fault: &OnStandby| matches!(fault, OnStandby::Freeze | OnStandby::Hang);
            episode.standbys = episode
                .standbys
                .map(|fault| fault.filter(|fault| !stalls(fault)));
            episode.primary = Some(if random.random() {
                OnPrimary::Restart
            } else {
                OnPrimary::Crash
            });
        }
        from += lasts;
        episodes.push(episode);
    }
    episodes
}

fn on_standby(random: &mut SmallRng) -> Option<OnStandby> {
    Some(match random.random_range(0..12) {
        0..=2 => OnStandby::Pause,
        3 => OnStandby::Delay(millis(random, 20, 500)),
        4 => OnStandby::HangReplay,
        5 => OnStandby::Freeze,
        6 => OnStandby::Cut,
        7 => OnStandby::Hang,
        8 => OnStandby::Crash,
        9 => OnStandby::Down,
        _ => return None,
    })
}

pub(crate) fn millis(random: &mut SmallRng, from: u64, to: u64) -> Duration {
    Duration::from_millis(random.random_range(from..=to))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn failovers(episodes: &[Episode]) -> Vec<Duration> {
        let is_failover =
            |episode: &&Episode| matches!(episode.primary, Some(OnPrimary::Failover { .. }));
        episodes
            .iter()
            .filter(is_failover)
            .map(|episode| episode.from)
            .collect()
    }

    #[test]
    fn a_seed_gives_the_same_schedule_every_time_and_another_seed_another() {
        assert_eq!(draw(7, MINUTE, true), draw(7, MINUTE, true));
        assert_ne!(draw(7, MINUTE, true), draw(8, MINUTE, true));
    }

    #[test]
    fn half_a_minute_has_a_failover_and_a_long_run_one_every_other_minute() {
        for seed in 0..100 {
            assert!(!failovers(&draw(seed, MINUTE / 2, true)).is_empty());
            let failovers = failovers(&draw(seed, 20 * MINUTE, true));
            assert!((9..=12).contains(&failovers.len()), "{}", failovers.len());
            assert!(failovers[1] - failovers[0] >= CALM);
            let mut late = failovers[1..].windows(2);
            assert!(late.all(|pair| pair[1] - pair[0] >= LONG_CALM));
        }
    }

    #[test]
    fn routers_that_follow_no_failover_get_none() {
        assert_eq!(
            failovers(&draw(1, 60 * MINUTE, false)),
            Vec::<Duration>::new()
        );
    }

    #[test]
    fn every_fault_of_a_standby_is_drawn_at_some_time() {
        let episodes = draw(1, 10 * MINUTE, true);
        let drawn: Vec<_> = episodes
            .iter()
            .flat_map(|episode| episode.standbys)
            .flatten()
            .collect();
        use OnStandby::{Crash, Cut, Down, Freeze, Hang, HangReplay, Pause};
        for fault in [Pause, HangReplay, Freeze, Cut, Hang, Crash, Down] {
            assert!(drawn.contains(&fault), "{fault:?}");
        }
    }

    #[test]
    fn the_primary_is_not_shut_down_while_a_standby_cannot_confirm() {
        for episode in draw(3, 60 * MINUTE, true) {
            if episode.primary.is_some() {
                let stalls = [Some(OnStandby::Freeze), Some(OnStandby::Hang)];
                assert!(!episode.standbys.iter().any(|fault| stalls.contains(fault)));
            }
        }
    }
}
