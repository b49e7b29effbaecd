//! `Mark`: the comment in front of a run's statements, by which servers' lists of what they run show them.

use crate::run_id::RunId;

/// The beginning of every mark.
pub(crate) const FRONT: &str = "/* diesel-routing-verify ";

/// A statement's mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) word: Word,
    /// The number of the act that it is part of.
    pub(crate) number: u64,
}

/// The kind of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Word {
    Read,
    Lock,
    Write,
}

impl Word {
    const ALL: [Self; 3] = [Self::Read, Self::Lock, Self::Write];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Lock => "lock",
            Self::Write => "write",
        }
    }
}

impl Mark {
    /// Returns the comment.
    pub(crate) fn comment(self, run: &RunId) -> String {
        format!(
            "{FRONT}{} {} {} */",
            run.short(),
            self.word.as_str(),
            self.number
        )
    }

    /// Finds the mark of this run in front of a statement.
    pub(crate) fn find(statement: &str, run: &RunId) -> Option<Self> {
        let mut words = statement.strip_prefix(FRONT)?.split(' ');
        if words.next() != Some(run.short()) {
            return None;
        }
        let word = words.next()?;
        let word = Word::ALL.into_iter().find(|known| known.as_str() == word)?;
        let number = words.next()?.parse().ok()?;
        Some(Self { word, number })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_mark_is_found_again_and_not_by_another_run() {
        let run = RunId::new(SystemTime::now(), Duration::ZERO);
        let mark = Mark {
            word: Word::Lock,
            number: 42,
        };
        let statement = format!("{} SELECT 1", mark.comment(&run));
        assert_eq!(Mark::find(&statement, &run), Some(mark));
        let other = RunId::new(SystemTime::now(), Duration::ZERO);
        assert_eq!(Mark::find(&statement, &other), None);
        assert_eq!(Mark::find("SELECT 1", &run), None);
    }
}
