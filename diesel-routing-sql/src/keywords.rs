//! The words that are keywords somewhere.

use std::sync::LazyLock;

/// The keywords of PostgreSQL 15 and 19 (`pg_get_keywords()`), MariaDB 10.11 and MySQL 9.7 (`information_schema.keywords`), and
/// SQLite 3.40 (`sqlite3_keyword_name`), in lower case and in order.
static KEYWORDS: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("keywords.txt").lines().collect());

/// Returns whether a word is a keyword of some server's, reserved or not.
pub(crate) fn is_keyword(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    KEYWORDS.binary_search(&word.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn words_of_every_server_are_keywords_in_either_case() {
        for word in ["select", "GLOB", "Sounds", "isnull", "lateral", "pragma"] {
            assert!(is_keyword(word), "{word}");
        }
        for word in ["", "selec", "users", "form"] {
            assert!(!is_keyword(word), "{word}");
        }
    }
}
