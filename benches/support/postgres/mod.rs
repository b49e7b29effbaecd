//! The same cases on PostgreSQL, beside those on SQLite.

#[expect(clippy::duplicate_mod, reason = "one text for each backend")]
#[path = "../asynchronous.rs"]
mod asynchronous;
#[expect(clippy::duplicate_mod, reason = "one text for each backend")]
#[path = "../blocking.rs"]
mod blocking;
mod databases;
#[expect(clippy::duplicate_mod, reason = "one text for each backend")]
#[path = "../work.rs"]
mod work;

use std::fmt;

use crate::support::{Api, Case, Outcome, Steps, Through, Work};

pub(crate) use databases::Servers;

/// A case, and where it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) case: Case,
    is_on_postgres: bool,
}

impl Placed {
    /// Returns every case on SQLite, then on PostgreSQL, which needs [`Servers`]; each raw one before those to compare
    /// with it.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [false, true].into_iter().flat_map(|is_on_postgres| {
            Case::all().map(move |case| Self {
                case,
                is_on_postgres,
            })
        })
    }

    /// Returns what this case is compared with.
    pub(crate) fn raw(self) -> Self {
        Self {
            case: self.case.raw(),
            ..self
        }
    }

    /// Returns the case's step, ready to run.
    pub(crate) fn steps(self) -> Outcome<Steps> {
        let Case { api, work, through } = self.case;
        match (self.is_on_postgres, api) {
            (false, _) => self.case.steps(),
            (true, Api::Sync) => blocking::steps(work, through),
            (true, Api::Async) => asynchronous::steps(work, through),
        }
    }
}

impl fmt::Display for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_on_postgres {
            f.pad(&format!("postgres/{}", self.case))
        } else {
            self.case.fmt(f)
        }
    }
}
