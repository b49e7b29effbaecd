//! `Advice`: what was said of all reads of a view.

use std::sync::Arc;

use crate::routing::{Level, Strength};

/// What was said of all reads of a session's view, by `at_level` and `class`, by the edge's rule, by a trusted caller's header.
/// It adds up: every read is at least as strong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Advice {
    /// The levels; `None` if nobody named one.
    strength: Option<Strength>,
    /// The names of the classes, from the outermost to the innermost.
    pub(crate) classes: Vec<Arc<str>>,
}

impl Advice {
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

    /// Returns what the levels require of every read.
    pub(crate) fn strength(&self) -> Option<Strength> {
        self.strength
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn levels_add_up_and_a_write_is_the_strongest_of_reads() {
        let mut advice = Advice::default();
        assert_eq!(advice.strength(), None);
        advice.at_level(Level::Eventual);
        assert_eq!(advice.strength(), Some(Level::Eventual.into()));
        let limit = Duration::from_millis(250);
        advice.at_level(Level::Bounded(limit));
        advice.at_level(Level::Session);
        let both = advice.strength().unwrap();
        assert_eq!((both.level(), both.bound()), (Level::Session, Some(limit)));
        advice.at_level(Level::Write);
        advice.at_level(Level::Eventual);
        assert_eq!(advice.strength().unwrap().level(), Level::Strong);
    }
}
