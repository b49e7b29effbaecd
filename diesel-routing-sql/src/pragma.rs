use crate::Finding;
use crate::kind::Kind;
use crate::tokens::Tokens;

/// Classifies the PRAGMA at `start`: it must only read.
///
/// Source: SQLite's list of pragmas. A pragma that is not known here is refused.
pub(crate) fn classify(tokens: &Tokens<'_>, start: usize) -> Result<Kind, Finding> {
    let qualified = tokens.is_symbol(start + 2, '.');
    let at = if qualified { start + 3 } else { start + 1 };
    let name = tokens.word(at).map(|word| word.lower()).unwrap_or_default();
    let asks = at + 1 >= tokens.len();

    if answers_with_argument(&name) || (asks && answers(&name)) {
        Ok(Kind::Pragma)
    } else if asks {
        Err(Finding::not_a_read(format!("PRAGMA {name}")))
    } else {
        Err(Finding::not_a_read(format!("PRAGMA {name} = ..")))
    }
}

/// Returns whether a pragma reads, whatever its argument.
pub(crate) fn answers_with_argument(name: &str) -> bool {
    ANSWER_WITH_ARGUMENT.contains(&name)
}

/// Returns whether a pragma reads as long as it gets no value.
pub(crate) fn answers(name: &str) -> bool {
    ANSWER.contains(&name)
}

/// Pragmas that read, whatever their argument.
const ANSWER_WITH_ARGUMENT: &[&str] = &[
    "foreign_key_check",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
];

/// Pragmas that read if they get no value.
const ANSWER: &[&str] = &[
    "analysis_limit",
    "application_id",
    "auto_vacuum",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "collation_list",
    "compile_options",
    "data_version",
    "database_list",
    "defer_foreign_keys",
    "encoding",
    "foreign_keys",
    "freelist_count",
    "fullfsync",
    "function_list",
    "hard_heap_limit",
    "ignore_check_constraints",
    "journal_mode",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "module_list",
    "page_count",
    "page_size",
    "pragma_list",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "schema_version",
    "secure_delete",
    "soft_heap_limit",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "user_version",
    "wal_autocheckpoint",
    "writable_schema",
];
