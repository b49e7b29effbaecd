//! `Told`: what operators were told last of the nodes, so that each change is told once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::snapshot::{Health, NodeState};

/// The number of causes of one outage that are told. Chosen: a node refuses, hangs, recovers; more are words that differ by a number.
const CAUSES: usize = 8;

/// News of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// It has never answered, for this reason.
    Missing(Arc<str>),
    /// It does not answer any more, for this reason.
    Down(Arc<str>),
    /// It does not answer, by now for this reason, which none of those before was.
    StillDown(Arc<str>),
    /// It answers again, after so long.
    Up(Duration),
    /// It answers, and must not be used, for this reason.
    Excluded(Arc<str>),
    /// It may be used again, after so long.
    Included(Duration),
}

/// News of the writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writes {
    /// No node takes them.
    Lost,
    /// A node takes them again, after so long.
    Found(Duration),
}

/// The news that operators were told last.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// By slot.
    nodes: Vec<Entry>,
    /// Since when no node takes writes, if they were told that.
    lost: Option<Instant>,
}

#[derive(Debug, Clone, Default)]
struct Entry {
    /// The serial of the member that it is of.
    serial: u32,
    word: Word,
    /// The causes of the present outage that were told.
    causes: Vec<Arc<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Word {
    #[default]
    Nothing,
    Up,
    Down(Instant),
    Excluded(Instant),
}

impl Told {
    /// Looks at the node in this slot. Returns what is to be told of it, which counts as told.
    pub(crate) fn look(&mut self, slot: usize, state: &NodeState, now: Instant) -> Option<News> {
        let entry = self.entry(slot, state.serial);
        let why = || state.problem.clone().unwrap_or_else(|| "".into());
        match (entry.word, state.health) {
            (_, Health::Unknown)
            | (Word::Up, Health::Up)
            // Others say why, once it is for good.
            | (Word::Excluded(_), Health::Excluded) => None,
            (Word::Nothing, Health::Up) => {
                entry.word = Word::Up;
                None
            }
            (Word::Down(since), Health::Up) => {
                entry.word = Word::Up;
                Some(News::Up(now.saturating_duration_since(since)))
            }
            (Word::Excluded(since), Health::Up) => {
                entry.word = Word::Up;
                Some(News::Included(now.saturating_duration_since(since)))
            }
            (Word::Down(_), Health::Down) => entry.another_cause(state.problem.as_ref()),
            (word, Health::Down) => {
                let why = why();
                entry.word = Word::Down(now);
                entry.causes = vec![Arc::clone(&why)];
                Some(match word {
                    Word::Nothing => News::Missing(why),
                    _ => News::Down(why),
                })
            }
            (_, Health::Excluded) => {
                entry.word = Word::Excluded(now);
                Some(News::Excluded(why()))
            }
        }
    }

    /// Records that operators are told by another name why the node in this slot must not be used.
    pub(crate) fn excluded(&mut self, slot: usize, serial: u32, now: Instant) {
        let entry = self.entry(slot, serial);
        if !matches!(entry.word, Word::Excluded(_)) {
            entry.word = Word::Excluded(now);
        }
    }

    /// Looks at whether a node takes writes. Returns what is to be told of it, which counts as told.
    pub(crate) fn look_at_writes(&mut self, are_taken: bool, now: Instant) -> Option<Writes> {
        match self.lost {
            None if !are_taken => {
                self.lost = Some(now);
                Some(Writes::Lost)
            }
            Some(since) if are_taken => {
                self.lost = None;
                Some(Writes::Found(now.saturating_duration_since(since)))
            }
            _ => None,
        }
    }

    fn entry(&mut self, slot: usize, serial: u32) -> &mut Entry {
        if slot >= self.nodes.len() {
            self.nodes.resize(slot + 1, Entry::default());
        }
        let entry = &mut self.nodes[slot];
        if entry.serial != serial {
            *entry = Entry {
                serial,
                ..Entry::default()
            };
        }
        entry
    }
}

impl Entry {
    #[inline]
    fn another_cause(&mut self, why: Option<&Arc<str>>) -> Option<News> {
        let why = why?;
        if self.causes.len() >= CAUSES || self.causes.contains(why) {
            return None;
        }
        self.causes.push(Arc::clone(why));
        Some(News::StillDown(Arc::clone(why)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(health: Health, why: &str) -> NodeState {
        NodeState {
            serial: 1,
            health,
            problem: (!why.is_empty()).then(|| why.into()),
            ..NodeState::UNKNOWN
        }
    }

    #[test]
    fn an_outage_is_told_once_and_its_end_once_however_often_it_is_looked_at() {
        let mut told = Told::default();
        let begun = Instant::now();
        let at = |millis| begun + Duration::from_millis(millis);
        let up = state(Health::Up, "");
        assert_eq!(told.look(0, &up, at(0)), None);
        let down = state(Health::Down, "refused");
        assert_eq!(
            told.look(0, &down, at(100)),
            Some(News::Down("refused".into()))
        );
        for millis in 2..50 {
            assert_eq!(told.look(0, &down, at(millis * 100)), None);
        }
        // Between an answer and its judgement nothing is known.
        assert_eq!(told.look(0, &state(Health::Unknown, ""), at(5000)), None);
        let news = News::Up(Duration::from_secs(5));
        assert_eq!(told.look(0, &up, at(5100)), Some(news));
        assert_eq!(told.look(0, &up, at(5200)), None);
    }

    #[test]
    fn another_cause_of_an_outage_is_told_once_and_not_more_than_a_few() {
        let mut told = Told::default();
        let now = Instant::now();
        told.look(0, &state(Health::Up, ""), now);
        told.look(0, &state(Health::Down, "hangs"), now);
        let mut said = Vec::new();
        for round in 0..100 {
            for why in ["hangs", "refused", &format!("late by {round} ms")] {
                said.extend(told.look(0, &state(Health::Down, why), now));
            }
        }
        assert_eq!(said.len(), CAUSES - 1, "{said:?}");
        assert_eq!(said[0], News::StillDown("refused".into()));
    }

    #[test]
    fn a_node_that_never_answered_is_missing_and_one_in_its_slot_is_another() {
        let mut told = Told::default();
        let now = Instant::now();
        let down = state(Health::Down, "refused");
        assert_eq!(
            told.look(2, &down, now),
            Some(News::Missing("refused".into()))
        );
        let another = NodeState { serial: 2, ..down };
        assert_eq!(
            told.look(2, &another, now),
            Some(News::Missing("refused".into()))
        );
    }

    #[test]
    fn an_exclusion_is_told_once_by_one_name() {
        let mut told = Told::default();
        let now = Instant::now();
        told.look(0, &state(Health::Up, ""), now);
        let excluded = state(Health::Excluded, "it lags a failover behind");
        let news = told.look(0, &excluded, now);
        assert!(matches!(news, Some(News::Excluded(_))), "{news:?}");
        assert_eq!(told.look(0, &excluded, now), None);
        let later = now + Duration::from_secs(3);
        let up = state(Health::Up, "");
        let news = Some(News::Included(Duration::from_secs(3)));
        assert_eq!(told.look(0, &up, later), news);
        // Its name was another this time.
        told.excluded(0, 1, later);
        assert_eq!(told.look(0, &excluded, later), None);
        let news = told.look(0, &up, later);
        assert_eq!(news, Some(News::Included(Duration::ZERO)));
    }

    #[test]
    fn writes_are_lost_once_and_found_once() {
        let mut told = Told::default();
        let now = Instant::now();
        let later = now + Duration::from_secs(2);
        assert_eq!(told.look_at_writes(true, now), None);
        assert_eq!(told.look_at_writes(false, now), Some(Writes::Lost));
        assert_eq!(told.look_at_writes(false, later), None);
        let found = Writes::Found(Duration::from_secs(2));
        assert_eq!(told.look_at_writes(true, later), Some(found));
        assert_eq!(told.look_at_writes(true, later), None);
    }
}
