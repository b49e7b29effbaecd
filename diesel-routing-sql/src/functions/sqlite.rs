//! SQLite's functions with side effects.

use super::Group;
use crate::SideEffect;

pub(super) const GROUPS: &[Group] = &[
    (SideEffect::File, &["edit", "writefile"]),
    (SideEffect::Code, &["fts3_tokenizer", "load_extension"]),
];
