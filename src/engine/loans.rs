//! `Loans`: how often a node's connections were lent, and what for.

use std::array;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::class_labels::{CLASSES, ClassLabel};
use crate::routing::{Level, Reason};

/// The number of times that a node's connections were lent, by level, reason and class. One word of memory is written for a loan; what is
/// counted by class takes room once a read of the class has come.
#[derive(Debug)]
pub(crate) struct Loans {
    /// Those of no class.
    plain: Cells,
    classes: [OnceLock<Box<Cells>>; CLASSES],
}

/// By level and reason.
type Cells = [[AtomicU64; Reason::ALL.len()]; Level::WORDS.len()];

/// The kind that a checkout counts as, beside the node and the reason that it ends with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LoanKind {
    /// The place of the level.
    level: u8,
    class: ClassLabel,
}

/// The loans that have a level, a reason and a class in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    /// The place of the level.
    pub(crate) level: usize,
    pub(crate) reason: Reason,
    pub(crate) class: ClassLabel,
    pub(crate) count: u64,
}

impl LoanKind {
    /// Returns the kind of checkouts at this level, all who have a say in it considered, in this class.
    #[inline]
    pub(crate) fn new(level: Level, class: ClassLabel) -> Self {
        let level = level.index().try_into().unwrap_or_default();
        Self { level, class }
    }
}

impl Default for Loans {
    fn default() -> Self {
        Self {
            plain: cells(),
            classes: [const { OnceLock::new() }; CLASSES],
        }
    }
}

impl Loans {
    #[inline]
    pub(crate) fn count(&self, kind: LoanKind, reason: Reason) {
        let cells = if kind.class == ClassLabel::NONE {
            Some(&self.plain)
        } else {
            self.of_class(kind.class)
        };
        let row = cells.and_then(|cells| cells.get(usize::from(kind.level)));
        if let Some(cell) = row.and_then(|row| row.get(reason.index())) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[cold]
    fn of_class(&self, class: ClassLabel) -> Option<&Cells> {
        let known = self.classes.get(class.index())?;
        Some(known.get_or_init(|| Box::new(cells())))
    }

    /// Returns the numbers that are not zero.
    pub(crate) fn all(&self) -> impl Iterator<Item = Tally> {
        let classes = self.classes.iter().enumerate();
        let classes = classes
            .filter_map(|(index, cells)| Some((ClassLabel::of_index(index), &**cells.get()?)));
        let all = std::iter::once((ClassLabel::NONE, &self.plain)).chain(classes);
        all.flat_map(|(class, cells)| {
            let rows = cells.iter().enumerate();
            rows.flat_map(move |(level, row)| {
                let counts = Reason::ALL.into_iter().zip(row);
                let counts = counts.map(|(reason, count)| (reason, count.load(Ordering::Relaxed)));
                let counts = counts.filter(|(_, count)| *count > 0);
                counts.map(move |(reason, count)| Tally {
                    level,
                    reason,
                    class,
                    count,
                })
            })
        })
    }

    /// Begins anew, for another node.
    pub(crate) fn reset(&self) {
        let classes = self.classes.iter().filter_map(OnceLock::get);
        let all = std::iter::once(&self.plain).chain(classes.map(|cells| &**cells));
        for count in all.flatten().flatten() {
            count.store(0, Ordering::Relaxed);
        }
    }
}

fn cells() -> Cells {
    array::from_fn(|_| array::from_fn(|_| AtomicU64::new(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loans_are_counted_by_level_reason_and_class() {
        let loans = Loans::default();
        let class = ClassLabel::of_index(3);
        let kinds = [
            LoanKind::new(Level::Session, ClassLabel::NONE),
            LoanKind::new(Level::Strong, class),
        ];
        for _ in 0..2 {
            loans.count(kinds[0], Reason::Covered);
            loans.count(kinds[1], Reason::Strong);
        }
        loans.count(kinds[0], Reason::Fallback);
        let tally = |level: Level, reason, class, count| Tally {
            level: level.index(),
            reason,
            class,
            count,
        };
        let all: Vec<_> = loans.all().collect();
        let none = ClassLabel::NONE;
        assert_eq!(
            all,
            [
                tally(Level::Session, Reason::Covered, none, 2),
                tally(Level::Session, Reason::Fallback, none, 1),
                tally(Level::Strong, Reason::Strong, class, 2),
            ]
        );
        loans.reset();
        assert_eq!(loans.all().count(), 0);
    }
}
