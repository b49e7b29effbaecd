//! SQLite's functions with side effects.

use super::Group;
use crate::SideEffect;

pub(super) const GROUPS: &[Group] = &[
    (
        SideEffect::LastWrite,
        &["changes", "last_insert_rowid", "total_changes"],
    ),
    // Tables that prepare the SQL they are given, and functions of the shell and of common extensions.
    (
        SideEffect::HiddenSql,
        &[
            "bytecode",
            "eval",
            "sha1_query",
            "sha3_query",
            "tables_used",
        ],
    ),
    // Merges a full-text index.
    (SideEffect::Storage, &["optimize"]),
    (SideEffect::File, &["edit", "writefile"]),
    (SideEffect::Code, &["fts3_tokenizer", "load_extension"]),
];
