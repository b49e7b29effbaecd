//! `ClassLabels`: numbers for the names of classes, of which there are few, however many come and go.

use std::sync::OnceLock;

/// The number of names that are told apart. Chosen: more than anybody looks at on one picture.
const NAMES: usize = 32;

/// The number of labels: the names, and one for all others.
pub(crate) const CLASSES: usize = NAMES + 1;

/// The label of what belongs to no class.
#[cfg(feature = "metrics")]
const NONE: &str = "none";

/// The label of the classes that came when all numbers were taken.
const OTHER: &str = "other";

/// The label that a class is counted under.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct ClassLabel(u8);

impl ClassLabel {
    pub(crate) const NONE: Self = Self(0);

    /// Returns the label with this place among those of classes.
    pub(crate) fn of_index(index: usize) -> Self {
        Self(u8::try_from(index + 1).unwrap_or_default())
    }

    /// Returns its place among those of classes; past them for none.
    pub(crate) fn index(self) -> usize {
        usize::from(self.0).checked_sub(1).unwrap_or(CLASSES)
    }

    /// Returns its number, which no other has.
    #[cfg(feature = "metrics")]
    pub(crate) fn number(self) -> u8 {
        self.0
    }
}

/// The names of the classes that reads were in, in the order of their first. A name keeps its number: a class that is removed and
/// comes back is the same.
#[derive(Debug)]
pub(crate) struct ClassLabels([OnceLock<Box<str>>; NAMES]);

impl Default for ClassLabels {
    fn default() -> Self {
        Self([const { OnceLock::new() }; NAMES])
    }
}

impl ClassLabels {
    /// Returns the label of a class, which the router has.
    #[cold]
    pub(crate) fn of(&self, class: &str) -> ClassLabel {
        let is_it = |slot: &OnceLock<Box<str>>| **slot.get_or_init(|| class.into()) == *class;
        let index = self.0.iter().position(is_it);
        ClassLabel::of_index(index.unwrap_or(NAMES))
    }

    /// Returns the name of the class with this label; `None` for no class.
    pub(crate) fn name(&self, label: ClassLabel) -> Option<&str> {
        match label {
            ClassLabel::NONE => None,
            label => Some(
                self.0
                    .get(label.index())
                    .and_then(OnceLock::get)
                    .map_or(OTHER, |name| name),
            ),
        }
    }

    /// Returns the text of a label.
    #[cfg(feature = "metrics")]
    pub(crate) fn text(&self, label: ClassLabel) -> &str {
        self.name(label).unwrap_or(NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_keeps_its_label_and_those_that_are_too_many_share_one() {
        let labels = ClassLabels::default();
        let first: Vec<_> = (0..NAMES)
            .map(|class| labels.of(&format!("class-{class}")))
            .collect();
        assert_eq!(labels.of("class-7"), first[7]);
        assert_eq!(labels.name(first[7]), Some("class-7"));
        let late = labels.of("late");
        assert_eq!((labels.of("later"), labels.name(late)), (late, Some(OTHER)));
        assert!(!first.contains(&late));
        assert_eq!(labels.name(ClassLabel::NONE), None);
    }
}
