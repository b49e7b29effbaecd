use super::Group;
use crate::SideEffect;

pub(super) const GROUPS: &[Group] = &[
    (
        SideEffect::LastWrite,
        &["changes", "last_insert_rowid", "total_changes"],
    ),
    // Of the shell and of common extensions.
    (SideEffect::HiddenSql, &["eval", "sha1_query", "sha3_query"]),
    (SideEffect::File, &["edit", "writefile"]),
    (SideEffect::Code, &["fts3_tokenizer", "load_extension"]),
];
