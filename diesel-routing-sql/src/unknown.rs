//! Calls of functions that are not known to change nothing, and what only looks like a call.

use crate::calls::{Place, ends_operand, function_name, is_column_list, is_listed_in_from};
use crate::quick::{hides_words, is_word_byte};
use crate::token::{Keyword, Quote, Token, Word};
use crate::tokens::Tokens;
use crate::{Dialect, Finding, Functions};

/// Returns the finding for the function whose arguments open here, if it is not known to change nothing.
pub(crate) fn called_function(place: Place<'_>, functions: &Functions) -> Option<Finding> {
    let Place { tokens, index, .. } = place;
    if !tokens.is_symbol(index, '(') {
        return None;
    }
    let at = index.checked_sub(1)?;
    let name = function_name(tokens, at)?;
    let function = name.lower();
    let is_known = functions.is_judged(&function)
        || is_servers_own(place, at, name, functions)
        || is_no_call(place, at, name, functions);
    (!is_known).then(|| Finding::UnknownCall {
        function: function.into_owned(),
    })
}

/// Returns whether the text alone shows that each function it calls is known to change nothing; `false` means that the tokens must
/// decide.
pub(crate) fn calls_known_functions(sql: &str, functions: &Functions) -> bool {
    let bytes = sql.as_bytes();
    let opens = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'(');
    !hides_words(bytes)
        && opens
            .map(|(open, _)| bytes[..open].trim_ascii_end())
            .all(|before| {
                let start = before.iter().rposition(|byte| !is_word_byte(*byte));
                let (rest, word) = before.split_at(start.map_or(0, |at| at + 1));
                if word.is_empty() {
                    // Not behind a name in quotes.
                    return !rest.ends_with(b"\"")
                        && !rest.ends_with(b"`")
                        && !rest.ends_with(b"]")
                        && !rest.ends_with(b"'");
                }
                let lower = word.to_ascii_lowercase();
                std::str::from_utf8(&lower).is_ok_and(|word| {
                    !rest.trim_ascii_end().ends_with(b".")
                        && (functions.is_reserved(word) || functions.is_built_in(word))
                })
            })
}

/// Returns whether the name at `at` is that of a function of the server's own that changes nothing.
///
/// On MySQL and MariaDB, a name in quotes or with a database in front may be a stored function's.
fn is_servers_own(place: Place<'_>, at: usize, name: Word<'_>, functions: &Functions) -> bool {
    let Place {
        tokens, dialect, ..
    } = place;
    let is_qualified = tokens.follows_point(at);
    let may_be = match dialect {
        Dialect::Postgres => !is_qualified || is_in_catalog(tokens, at),
        Dialect::Mysql => !is_qualified && name.is_bare(),
        Dialect::Sqlite => !is_qualified,
    };
    if !may_be {
        return false;
    }
    if dialect == Dialect::Postgres && !name.is_bare() {
        // In quotes, another case is another name.
        return functions.is_built_in(name.text);
    }
    let lower = name.lower();
    // A pragma that is read like a table; one that has an effect is found elsewhere.
    functions.is_built_in(&lower)
        || (dialect == Dialect::Sqlite
            && lower.starts_with("pragma_")
            && is_listed_in_from(tokens, at))
}

/// Returns whether the name at `at` is qualified by PostgreSQL's own schema, and by nothing else.
fn is_in_catalog(tokens: &Tokens<'_>, at: usize) -> bool {
    const CATALOG: &str = "pg_catalog";
    let Some(schema) = at.checked_sub(2).and_then(|schema| tokens.word(schema)) else {
        return false;
    };
    let is_catalog = match schema.quote {
        Quote::Bare => schema.text.eq_ignore_ascii_case(CATALOG),
        Quote::By(_) => schema.text == CATALOG,
        Quote::Unicode => false,
    };
    is_catalog && !tokens.follows_point(at - 2)
}

/// Returns whether the parenthesis behind the word at `at` is no call's.
fn is_no_call(place: Place<'_>, at: usize, name: Word<'_>, functions: &Functions) -> bool {
    let Place { tokens, index, .. } = place;
    let first = first_of_path(tokens, at);
    // A subquery needs parentheses of its own among arguments.
    tokens.keyword(index + 1) == Keyword::Select
        || (first == at && name.is_bare() && is_keyword(place, at, name, functions))
        || (tokens.keyword_before(at) == Keyword::As && !tokens.is_label(at - 1))
        || !may_begin_call(tokens, first)
        || is_column_list(place)
}

/// Returns the index of the first word of the qualified name that ends at `at`.
fn first_of_path(tokens: &Tokens<'_>, at: usize) -> usize {
    let mut first = at;
    while tokens.follows_point(first) && first >= 2 && tokens.word(first - 2).is_some() {
        first -= 2;
    }
    first
}

fn is_keyword(place: Place<'_>, at: usize, name: Word<'_>, functions: &Functions) -> bool {
    /// Phrases whose last word may be a function's name elsewhere.
    const PHRASES: [&[&str]; 21] = [
        &["BIT", "VARYING"],
        &["CHAR", "VARYING"],
        &["CHARACTER", "VARYING"],
        &["CROSS", "JOIN"],
        &["FETCH", "FIRST"],
        &["FETCH", "NEXT"],
        &["FULL", "JOIN"],
        &["GROUP", "BY"],
        &["GROUP", "BY", "CUBE"],
        &["GROUP", "BY", "ROLLUP"],
        &["GROUPING", "SETS"],
        &["INNER", "JOIN"],
        &["LEFT", "JOIN"],
        &["MEMBER", "OF"],
        &["NATURAL", "JOIN"],
        &["NCHAR", "VARYING"],
        &["ORDER", "BY"],
        &["OUTER", "JOIN"],
        &["PARTITION", "BY"],
        &["RIGHT", "JOIN"],
        &["TIME", "ZONE"],
    ];
    let tokens = place.tokens;
    if functions.is_reserved(&name.lower()) {
        return true;
    }
    if name.keyword == Keyword::Operator {
        // `OPERATOR(pg_catalog.+)`
        let close = tokens.after_parenthesis(place.index).saturating_sub(1);
        return matches!(tokens.before(close), Some(Token::Operator(_)));
    }
    PHRASES.iter().any(|phrase| {
        (at + 1)
            .checked_sub(phrase.len())
            .is_some_and(|first| tokens.are(first, phrase))
    })
}

/// Returns whether a call may begin at `first`: not as a statement, and not right behind a value or a name in quotes.
fn may_begin_call(tokens: &Tokens<'_>, first: usize) -> bool {
    let Some(before) = first.checked_sub(1) else {
        return false;
    };
    match tokens.get(before) {
        Some(Token::Text(_) | Token::Number(_) | Token::Variable(_) | Token::Symbol(']')) => false,
        Some(Token::Symbol(')')) => !ends_operand(tokens, before),
        // `::` is followed by a type.
        Some(Token::Symbol(':')) => !(before > 0 && tokens.is_symbol(before - 1, ':')),
        Some(Token::Word(word)) => {
            let is_alias = word.keyword == Keyword::Ordinality
                && tokens.keyword_before(before) == Keyword::With;
            let is_method = tokens.are(before, &["TABLESAMPLE"]);
            !matches!(word.quote, Quote::By(_))
                && !is_alias
                && !is_method
                && word.keyword != Keyword::Copy
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scan::unknown_call;

    const DIALECTS: [Dialect; 3] = [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite];

    const PIECES: &[&str] = &[
        "own",
        "lower",
        "Lower",
        "count",
        "any",
        "in",
        "over",
        "by",
        "as",
        "select",
        "with",
        "t",
        "pg_catalog",
        "(",
        "(",
        "(",
        ")",
        ")",
        ",",
        ".",
        ":",
        "::",
        "[",
        "]",
        "=",
        "@",
        "$",
        "$1",
        "?",
        "1",
        "'x'",
        "'",
        "\"own\"",
        "\"",
        "`own`",
        "`",
        "[own]",
        "é",
        "\n",
        "--",
        "/*",
        "*/",
        "/**/",
        "#",
        ";",
        "\\",
        "E'",
        "U&",
        "U&\"own\"",
        "\u{a0}",
        "\u{b}",
    ];

    #[test]
    fn ordinary_calls_are_known_without_tokens() {
        let functions = Functions::builtin(Dialect::Postgres);
        for sql in [
            r#"SELECT count(*), lower ("t"."a") FROM "t" WHERE ("t"."id" IN ($1)) AND "t"."a" = ANY($2)"#,
            "SELECT a FROM t",
        ] {
            assert!(calls_known_functions(sql, &functions), "{sql}");
        }
        for sql in [
            "SELECT own(1)",
            "SELECT x.lower(1)",
            "SELECT x . lower(1)",
            "SELECT \"lower\"(1)",
            "SELECT own/**/(1)",
        ] {
            assert!(!calls_known_functions(sql, &functions), "{sql}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_tokens_find_nothing_where_the_text_shows_it(
            pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
            blank in prop::sample::select(&["", " "][..]),
        ) {
            let sql = format!("SELECT {}", pieces.join(blank));
            for dialect in DIALECTS {
                let functions = Functions::builtin(dialect);
                if calls_known_functions(&sql, &functions)
                    && let Ok(tokens) = Tokens::read(&sql, dialect)
                {
                    prop_assert_eq!(unknown_call(&tokens, dialect, &functions), None, "{:?}: {}", dialect, sql);
                }
            }
        }
    }
}
