//! `Advice`: what was said of all reads of a view.

use std::sync::Arc;

use crate::routing::{Level, Mode, Strength};

/// The levels and classes that were set for all reads of a session's view. They add up: every read is at least as strong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Advice {
    /// By the code: `at_level` and `class`.
    code: Said,
    /// By who operates the service: the edge's rule, a trusted caller's header.
    edge: Said,
}

/// The levels and classes that one of them set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The levels; `None` if no level was named.
    strength: Option<Strength>,
    /// The names of the classes, from the outermost to the innermost.
    classes: Vec<Arc<str>>,
}

impl Advice {
    /// Returns what the code said, to add to.
    pub(crate) fn code(&mut self) -> &mut Said {
        &mut self.code
    }

    /// Returns what the edge said, to add to.
    #[cfg(feature = "edge")]
    pub(crate) fn edge(&mut self) -> &mut Said {
        &mut self.edge
    }

    /// Returns what the levels require of every read, of those who are heard in this mode.
    pub(crate) fn strength(&self, mode: Mode) -> Option<Strength> {
        let all = self.heard(mode).filter_map(|said| said.strength);
        all.reduce(Strength::join)
    }

    /// Returns the names of the classes, from the outermost to the innermost, of those who are heard in this mode.
    pub(crate) fn classes(&self, mode: Mode) -> impl DoubleEndedIterator<Item = &str> {
        let all = self.heard(mode).flat_map(|said| &said.classes);
        all.map(|name| &**name)
    }

    fn heard(&self, mode: Mode) -> impl DoubleEndedIterator<Item = &Said> {
        let edge = mode.hears_advice().then_some(&self.edge);
        edge.into_iter().chain([&self.code])
    }
}

impl Said {
    /// Adds a level.
    pub(crate) fn at_level(&mut self, level: Level) {
        let said = Strength::from(level.of_reads());
        self.strength = Some(self.strength.map_or(said, |known| known.join(said)));
    }

    /// Adds a class.
    pub(crate) fn in_class(&mut self, name: Arc<str>) {
        if !self.classes.contains(&name) {
            self.classes.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn levels_add_up_and_a_write_is_the_strongest_of_reads() {
        let mut advice = Advice::default();
        assert_eq!(advice.strength(Mode::On), None);
        advice.code().at_level(Level::Eventual);
        assert_eq!(advice.strength(Mode::On), Some(Level::Eventual.into()));
        let limit = Duration::from_millis(250);
        advice.code().at_level(Level::Bounded(limit));
        advice.code().at_level(Level::Session);
        let both = advice.strength(Mode::On).unwrap();
        assert_eq!((both.level(), both.bound()), (Level::Session, Some(limit)));
        advice.code().at_level(Level::Write);
        advice.code().at_level(Level::Eventual);
        assert_eq!(advice.strength(Mode::On).unwrap().level(), Level::Strong);
    }

    #[cfg(feature = "edge")]
    #[test]
    fn what_the_edge_said_counts_unless_only_the_code_does() {
        let mut advice = Advice::default();
        advice.edge().at_level(Level::Strong);
        advice.edge().in_class("public".into());
        advice.code().at_level(Level::Session);
        advice.code().in_class("payments".into());
        let heard = |mode| {
            let classes: Vec<_> = advice.classes(mode).collect();
            (advice.strength(mode).unwrap().level(), classes)
        };
        assert_eq!(heard(Mode::On), (Level::Strong, vec!["public", "payments"]));
        assert_eq!(heard(Mode::AsWritten), (Level::Session, vec!["payments"]));
    }
}
