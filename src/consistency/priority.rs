//! `Priority`: the place of a class where not all reads can be served.

/// The place of a [class](crate::Class::priority) of reads where not all can be served: the lower are refused first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Priority {
    /// Pages that can do without.
    Low,
    /// The default, also of reads of no class.
    #[default]
    Normal,
    /// What the business lives on.
    High,
}
