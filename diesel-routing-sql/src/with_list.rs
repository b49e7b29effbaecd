use crate::token::{Keyword, Token, Word};
use crate::tokens::Tokens;

/// Returns the index of the statement that the CTEs of the WITH at `with` serve; `None` if the list has a
/// shape that is not known here.
pub(crate) fn served_statement(tokens: &Tokens<'_>, with: usize) -> Option<usize> {
    let mut index = with + 1;
    // A CTE may have the name `recursive` in MySQL and SQLite.
    if tokens.keyword(index) == Keyword::Recursive && tokens.word(index + 1).is_some_and(is_name) {
        index += 1;
    }
    loop {
        index = after_body(tokens, index)?;
        index = after_order(tokens, index)?;
        if !tokens.is_symbol(index, ',') {
            return Some(index);
        }
        index += 1;
    }
}

/// Returns whether the parenthesis at `open` holds the columns of a CTE: `name (..) AS [[NOT] MATERIALIZED] (`.
///
/// Only to be asked about the level at which the list of CTEs stands.
pub(crate) fn names_columns(tokens: &Tokens<'_>, open: usize) -> bool {
    open.checked_sub(1)
        .and_then(|name| after_body(tokens, name))
        .is_some()
}

/// Returns the index behind `name [(columns)] AS [[NOT] MATERIALIZED] (..)`.
fn after_body(tokens: &Tokens<'_>, name: usize) -> Option<usize> {
    tokens.word(name)?;
    let mut index = name + 1;
    if tokens.is_symbol(index, '(') {
        index = tokens.after_parenthesis(index);
    }
    if tokens.keyword(index) != Keyword::As {
        return None;
    }
    index += 1;
    if tokens.keyword(index) == Keyword::Not {
        index += 1;
    }
    if tokens.keyword(index) == Keyword::Materialized {
        index += 1;
    }
    tokens
        .is_symbol(index, '(')
        .then(|| tokens.after_parenthesis(index))
}

/// Returns the index behind PostgreSQL's `SEARCH .. FIRST BY .. SET ..` and `CYCLE .. SET .. [TO .. DEFAULT ..] USING ..`,
/// MariaDB's `CYCLE .. RESTRICT`.
fn after_order(tokens: &Tokens<'_>, mut index: usize) -> Option<usize> {
    if tokens.are(index, &["SEARCH"]) && tokens.are(index + 2, &["FIRST", "BY"]) {
        index = after_names(tokens, index + 4)?;
        index = after_keyword(tokens, index, Keyword::Set)?;
        index = after_name(tokens, index)?;
    }
    if tokens.are(index, &["CYCLE"]) {
        index = after_names(tokens, index + 1)?;
        if tokens.are(index, &["RESTRICT"]) {
            return Some(index + 1);
        }
        index = after_keyword(tokens, index, Keyword::Set)?;
        index = after_name(tokens, index)?;
        if tokens.keyword(index) == Keyword::To {
            index = after_constant(tokens, index + 1)?;
            index = after_keyword(tokens, index, Keyword::Default)?;
            index = after_constant(tokens, index)?;
        }
        index = after_keyword(tokens, index, Keyword::Using)?;
        index = after_name(tokens, index)?;
    }
    Some(index)
}

fn after_keyword(tokens: &Tokens<'_>, index: usize, keyword: Keyword) -> Option<usize> {
    (tokens.keyword(index) == keyword).then_some(index + 1)
}

fn after_names(tokens: &Tokens<'_>, mut index: usize) -> Option<usize> {
    index = after_name(tokens, index)?;
    while tokens.is_symbol(index, ',') {
        index = after_name(tokens, index + 1)?;
    }
    Some(index)
}

fn after_name(tokens: &Tokens<'_>, index: usize) -> Option<usize> {
    tokens.word(index).map(|_| index + 1)
}

/// Returns the index behind one token, or a type and a string.
fn after_constant(tokens: &Tokens<'_>, index: usize) -> Option<usize> {
    match (tokens.get(index)?, tokens.get(index + 1)) {
        (Token::Word(_), Some(Token::Text(_))) => Some(index + 2),
        (Token::Word(_) | Token::Text(_) | Token::Number(_), _) => Some(index + 1),
        _ => None,
    }
}

fn is_name(word: Word<'_>) -> bool {
    word.keyword != Keyword::As
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;

    #[test]
    fn the_served_statement_stands_behind_the_list() {
        for sql in [
            "WITH a AS (SELECT 1) @",
            "WITH RECURSIVE a (b, c) AS (SELECT 1) @",
            "WITH recursive AS (SELECT 1) @",
            "WITH a AS MATERIALIZED (SELECT 1), update (delete) AS NOT MATERIALIZED (SELECT 2) @",
            "WITH RECURSIVE a AS (SELECT 1) SEARCH DEPTH FIRST BY b, update SET insert @",
            "WITH RECURSIVE a AS (SELECT 1) CYCLE update SET c USING p, b AS (SELECT 1) @",
            "WITH RECURSIVE a AS (SELECT 1) CYCLE b, c SET c TO 'y' DEFAULT bool 'n' USING p @",
            "WITH RECURSIVE a AS (SELECT 1) CYCLE b RESTRICT @",
        ] {
            let sql = sql.replace('@', "DELETE FROM t");
            let tokens = Tokens::read(&sql, Dialect::Postgres).unwrap();
            let served = served_statement(&tokens, 0).unwrap();
            assert!(tokens.are(served, &["DELETE", "FROM", "T"]), "{sql}");
        }
    }

    #[test]
    fn other_shapes_are_not_known() {
        for sql in [
            "WITH a SELECT 1",
            "WITH a AS SELECT 1",
            "WITH a AS (SELECT 1) CYCLE b DELETE FROM t",
        ] {
            let tokens = Tokens::read(sql, Dialect::Postgres).unwrap();
            assert_eq!(served_statement(&tokens, 0), None, "{sql}");
        }
    }
}
