//! What happens to the network between routers and servers. Pure: a seed gives the same every time.

use std::fmt;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::SmallRng;

use crate::schedule::millis;

/// The names that lead to the standbys; see [`Place::Readers`].
pub(crate) const READERS: [&str; 2] = ["ro", "ro-random"];
/// The name that leads to the primary.
pub(crate) const WRITER: &str = "rw";

/// Something that happens to the network, until it is undone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum OnNetwork {
    /// This stretch fails.
    Fails(Place, Failure),
    /// A name of the standbys leads to one of them. Connections stay where they are.
    LeadsToOne { readers: usize, standby: usize },
    /// A name of the standbys leads to all nodes, the primary included.
    LeadsToAll { readers: usize },
    /// The primary's name leads to a standby.
    LeadsAstray { standby: usize },
    /// A name of the standbys takes them in another order: at random, or by turns.
    Reorders { readers: usize, seed: Option<u64> },
}

/// A stretch of network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In front of the primary, whichever that is.
    Writer,
    /// In front of all standbys: the one of [`READERS`] with this index.
    Readers(usize),
    /// In front of this standby.
    Standby(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Everything arrives so much later.
    Delay(Duration),
    /// Of the connections that are open, what the server says gets lost; they are closed at the end.
    DropAnswers,
    /// Everything stalls.
    Hang,
    /// It refuses connections, and closes those that are open.
    Cut,
    /// Connections that are open are closed.
    Disconnect,
}

impl OnNetwork {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fails(_, Failure::Delay(_)) => "network delay",
            Self::Fails(_, Failure::DropAnswers) => "network drops answers",
            Self::Fails(_, Failure::Hang) => "network hangs",
            Self::Fails(_, Failure::Cut) => "network cut",
            Self::Fails(_, Failure::Disconnect) => "network disconnects",
            Self::LeadsToOne { .. } => "readers' name leads to one",
            Self::LeadsToAll { .. } => "readers' name leads to the primary, too",
            Self::LeadsAstray { .. } => "primary's name leads to a standby",
            Self::Reorders { .. } => "readers' name reorders",
        }
    }

    pub(crate) fn place(self) -> Place {
        match self {
            Self::Fails(place, _) => place,
            Self::LeadsAstray { .. } => Place::Writer,
            Self::LeadsToOne { readers, .. }
            | Self::LeadsToAll { readers }
            | Self::Reorders { readers, .. } => Place::Readers(readers),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writer => f.write_str(WRITER),
            Self::Readers(index) => f.write_str(READERS[*index]),
            Self::Standby(index) => write!(f, "standby {index}"),
        }
    }
}

/// Returns what happens in an episode, if anything.
pub(crate) fn draw(random: &mut SmallRng, standbys: usize) -> Option<OnNetwork> {
    let readers = random.random_range(0..READERS.len());
    let standby = random.random_range(0..standbys);
    let place = match random.random_range(0..4) {
        0 => Place::Writer,
        1 => Place::Standby(standby),
        _ => Place::Readers(readers),
    };
    let fails = |failure| Some(OnNetwork::Fails(place, failure));
    match random.random_range(0..16) {
        0 | 1 => fails(Failure::Delay(millis(random, 1, 50))),
        2 => fails(Failure::DropAnswers),
        3 => fails(Failure::Hang),
        4 => fails(Failure::Cut),
        5 => fails(Failure::Disconnect),
        6..=8 => Some(OnNetwork::LeadsToOne { readers, standby }),
        9 => Some(OnNetwork::LeadsToAll { readers }),
        10 => Some(OnNetwork::LeadsAstray { standby }),
        11 => {
            let seed = random.random_bool(0.5).then(|| random.random());
            Some(OnNetwork::Reorders { readers, seed })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;

    use super::*;

    #[test]
    fn everything_happens_at_some_time_and_everywhere() {
        let mut random = SmallRng::seed_from_u64(1);
        let drawn: Vec<_> = (0..1000).map(|_| draw(&mut random, 2)).collect();
        let names: BTreeSet<_> = drawn.iter().flatten().map(|fault| fault.name()).collect();
        assert_eq!(names.len(), 9, "{names:?}");
        let places = drawn
            .iter()
            .flatten()
            .map(|fault| fault.place().to_string());
        let places: BTreeSet<_> = places.collect();
        let expected = ["ro", "ro-random", "rw", "standby 0", "standby 1"];
        assert!(places.iter().eq(expected), "{places:?}");
        assert!(drawn.contains(&None));
    }
}
