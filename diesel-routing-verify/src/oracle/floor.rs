//! What a state must have, at least.

use std::collections::BTreeMap;

use super::kept::{Fate, Kept};
use super::row::Row;

/// Versions that must be there, by key; of each history the highest.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Floor(BTreeMap<(i32, Option<i32>), Known>);

/// A version that must be there, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// The version.
    pub row: Row,
    /// The reason why it is known.
    pub why: Why,
    /// The record that tells.
    pub since: usize,
}

/// The reason why a version is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "recorders and reports know them all"
)]
pub enum Why {
    /// The session wrote it.
    Wrote,
    /// The session read it.
    Read,
    /// A session wrote it before it wrote what was seen.
    WroteBefore,
    /// A session read it before it wrote what was seen.
    ReadBefore,
    /// Anybody wrote it, and its write was acknowledged.
    Acknowledged,
}

impl Floor {
    /// Adds a version. One that was lost stands for what was kept below it, too.
    pub(super) fn add(&mut self, known: Known, kept: &Kept) {
        let row = known.row;
        let lost = match kept.fate(&row) {
            Fate::Kept => None,
            // Reported when it was met; it proves nothing.
            Fate::Unexplained => return,
            Fate::Lost(timeline) => {
                if let Some(&row) = kept.fork(row.key, timeline) {
                    self.raise(None, Known { row, ..known });
                }
                Some(timeline)
            }
        };
        self.raise(lost, known);
    }

    pub(super) fn join(&mut self, other: &Self) {
        for (&(_, lost), &known) in &other.0 {
            self.raise(lost, known);
        }
    }

    /// Returns what whoever sees a write of this session must see, too.
    pub(super) fn for_others(&self) -> Self {
        let for_others = |known: &Known| Known {
            why: match known.why {
                Why::Wrote | Why::WroteBefore => Why::WroteBefore,
                Why::Read | Why::ReadBefore => Why::ReadBefore,
                Why::Acknowledged => Why::Acknowledged,
            },
            ..*known
        };
        Self(
            self.0
                .iter()
                .map(|(&at, known)| (at, for_others(known)))
                .collect(),
        )
    }

    /// Returns what must be there of this key.
    pub(super) fn of(&self, key: i32) -> impl Iterator<Item = &Known> {
        self.0
            .range((key, None)..=(key, Some(i32::MAX)))
            .map(|(_, known)| known)
    }

    fn raise(&mut self, lost: Option<i32>, known: Known) {
        let slot = self.0.entry((known.row.key, lost)).or_insert(known);
        if slot.row.version < known.row.version {
            *slot = known;
        }
    }
}
