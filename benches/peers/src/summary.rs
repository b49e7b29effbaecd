//! Medians of turns.

use crate::side::OURS;
use crate::turn::{Scenario, Turn};

/// The sum of all turns.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) groups: Vec<Group>,
}

/// All sides under the same conditions.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) scenario: Scenario,
    pub(crate) lines: Vec<Line>,
}

/// One side.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) side: String,
    pub(crate) turns: usize,
    pub(crate) rate: Spread,
    pub(crate) read_p50_us: Spread,
    pub(crate) read_p99_us: Spread,
    pub(crate) write_p50_us: Spread,
    pub(crate) off_primary: Spread,
    pub(crate) client_us: Spread,
    pub(crate) program_us: Spread,
    pub(crate) servers_us: Spread,
    /// Our rate over this side's, and so on, in the same round.
    pub(crate) ours_over: Option<Quotients>,
    pub(crate) own_reads: u64,
    pub(crate) stale: u64,
    pub(crate) back: u64,
}

/// Ours over another side's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quotients {
    pub(crate) rate: Spread,
    pub(crate) read_p50: Spread,
    pub(crate) to_pay: Spread,
}

/// The median, the least and the most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Summary {
    pub(crate) fn of(turns: &[Turn]) -> Self {
        let mut scenarios: Vec<Scenario> = Vec::new();
        for turn in turns {
            if !scenarios.contains(&turn.scenario) {
                scenarios.push(turn.scenario);
            }
        }
        let groups = scenarios.into_iter().map(|scenario| {
            let turns = turns.iter().filter(|turn| turn.scenario == scenario);
            Group::of(scenario, &turns.collect::<Vec<_>>())
        });
        Self {
            groups: groups.collect(),
        }
    }
}

impl Group {
    fn of(scenario: Scenario, turns: &[&Turn]) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for turn in turns {
            if !names.contains(&turn.side.as_str()) {
                names.push(&turn.side);
            }
        }
        // Turns come in random order.
        names.sort_unstable_by_key(|name| (place(name), *name));
        let of = |name: &str| -> Vec<&Turn> {
            let turns = turns.iter().copied();
            turns.filter(|turn| turn.side == name).collect()
        };
        let ours = of(OURS);
        Self {
            scenario,
            lines: names
                .iter()
                .map(|name| Line::of(&of(name), &ours))
                .collect(),
        }
    }

    pub(crate) fn line(&self, side: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.side == side)
    }
}

/// Returns the place of a side in tables: ours, what it is measured by, pools, programs.
fn place(name: &str) -> usize {
    const FIRST: [&str; 4] = [OURS, "oracle", "bb8", "deadpool"];
    let mut places = FIRST.iter();
    places
        .position(|first| name.starts_with(first))
        .unwrap_or(FIRST.len())
}

impl Line {
    fn of(turns: &[&Turn], ours: &[&Turn]) -> Self {
        let spread = |value: fn(&Turn) -> f64| Spread::of(turns.iter().map(|turn| value(turn)));
        let sum = |value: fn(&Turn) -> u64| turns.iter().map(|turn| value(turn)).sum();
        Self {
            side: turns
                .first()
                .map(|turn| turn.side.clone())
                .unwrap_or_default(),
            turns: turns.len(),
            rate: spread(|turn| turn.rate),
            read_p50_us: spread(|turn| turn.read_p50_us),
            read_p99_us: spread(|turn| turn.read_p99_us),
            write_p50_us: spread(|turn| turn.write_p50_us),
            off_primary: spread(|turn| turn.off_primary),
            client_us: spread(|turn| turn.client_us),
            program_us: spread(|turn| turn.program_us),
            servers_us: spread(|turn| turn.servers_us),
            ours_over: Quotients::of(turns, ours),
            own_reads: sum(|turn| turn.own_reads),
            stale: sum(|turn| turn.stale),
            back: sum(|turn| turn.back),
        }
    }
}

impl Quotients {
    /// Returns the quotients; `None` without a round in which both had a turn.
    fn of(theirs: &[&Turn], ours: &[&Turn]) -> Option<Self> {
        let pairs: Vec<_> = theirs
            .iter()
            .filter_map(|turn| {
                let own = ours.iter().find(|own| own.round == turn.round)?;
                Some((*own, *turn))
            })
            .collect();
        let of = |value: fn(&Turn) -> f64| {
            Spread::of(pairs.iter().map(|(own, other)| value(own) / value(other)))
        };
        (!pairs.is_empty()).then(|| Self {
            rate: of(|turn| turn.rate),
            read_p50: of(|turn| turn.read_p50_us),
            to_pay: of(Turn::ours_to_pay),
        })
    }
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 if middle > 0 => f64::midpoint(at(middle - 1), at(middle)),
            _ => at(middle),
        };
        Self {
            median,
            least: at(0),
            most: at(values.len().saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(side: &str, round: u32, rate: f64) -> Turn {
        Turn {
            scenario: Scenario::default(),
            side: side.into(),
            round,
            rate,
            reads: 90,
            read_p50_us: 100.0,
            read_p99_us: 200.0,
            write_p50_us: 150.0,
            own_reads: 10,
            stale: 1,
            back: 0,
            off_primary: 0.5,
            client_us: 10.0,
            program_us: 10.0,
            servers_us: 30.0,
        }
    }

    #[test]
    fn quotients_are_of_the_same_round() {
        // The machine was slower in the second round, for both.
        let turns = [
            turn(OURS, 0, 200.0),
            turn("another", 0, 100.0),
            turn("another", 1, 10.0),
            turn(OURS, 1, 20.0),
            turn("another", 2, 77.0),
        ];
        let summary = Summary::of(&turns);
        let line = summary.groups[0].line("another").unwrap();
        let quotients = line.ours_over.unwrap();
        assert_eq!(quotients.rate.median, 2.0);
        assert_eq!(line.rate.median, 77.0);
        assert_eq!((line.turns, line.own_reads, line.stale), (3, 30, 3));
    }

    #[test]
    fn ours_come_first_and_programs_last() {
        let turns = [
            "HAProxy",
            "oracle",
            "deadpool, primary",
            "bb8, primary",
            OURS,
        ];
        let summary = Summary::of(&turns.map(|side| turn(side, 0, 1.0)));
        let names: Vec<_> = summary.groups[0]
            .lines
            .iter()
            .map(|line| line.side.as_str())
            .collect();
        assert_eq!(
            names,
            [
                OURS,
                "oracle",
                "bb8, primary",
                "deadpool, primary",
                "HAProxy"
            ]
        );
    }

    #[test]
    fn a_median_of_an_even_number_is_between_the_two() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0].into_iter());
        assert_eq!((spread.median, spread.least, spread.most), (2.5, 1.0, 4.0));
        assert!(Spread::of(std::iter::empty()).median.is_nan());
    }
}
