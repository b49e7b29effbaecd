//! SQL that no server takes, told by its tokens.

use crate::Dialect;
use crate::keywords::is_keyword;
use crate::token::{Quote, Token, Word};
use crate::tokens::Tokens;

/// Returns why no server takes this statement, as far as two or three tokens in a row show it.
///
/// It decides what an error of the parser means: the SQL is wrong, or the parser does not know all of
/// the server's grammar. So it says `None` when in doubt, and what it misses the server refuses.
pub(crate) fn why_wrong(tokens: &Tokens<'_>, dialect: Dialect) -> Option<&'static str> {
    if !is_balanced(tokens) {
        return Some("its parentheses do not match");
    }
    if tokens.len() > LONGEST {
        return None;
    }
    if unfinished_cases(tokens) {
        return Some("a CASE has no END");
    }
    let parts: Vec<Part> = (0..tokens.len())
        .map(|index| Part::of(tokens, index))
        .collect();
    parts.iter().enumerate().find_map(|(index, &first)| {
        let at = |offset: usize| parts.get(index + offset).copied();
        wrong_pair(tokens, index, first, at(1), dialect).or_else(|| {
            wrong_triple(
                tokens,
                index,
                &[first, at(1)?, at(2)?, at(3).unwrap_or(Part::Other)],
            )
        })
    })
}

/// Of a longer statement, in tokens, only the parentheses are looked at.
const LONGEST: usize = 1_000;

/// The role of a token in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Begins a part of a query: FROM, WHERE, GROUP, ..
    Clause,
    /// AND, OR, ON, BY, ..: something has to follow.
    Hungry,
    /// Any other word that may be a keyword.
    Keyword,
    Name,
    Text,
    /// A number, a placeholder or a variable.
    Value,
    Comparison,
    Star,
    Operator,
    Comma,
    Point,
    Open,
    Close,
    Other,
}

impl Part {
    fn of(tokens: &Tokens<'_>, index: usize) -> Self {
        match tokens.get(index) {
            Some(Token::Word(word)) => {
                let before = |known: &str| index > 0 && tokens.are(index - 1, &[known]);
                if !word.is_bare() || tokens.is_label(index) {
                    Self::Name
                } else if before("EXCLUDE") || before("WITHIN") {
                    // `EXCLUDE GROUP`, `WITHIN GROUP`.
                    Self::Keyword
                } else {
                    Self::of_word(word)
                }
            }
            Some(Token::Text(_)) => Self::Text,
            Some(Token::Number(_) | Token::Variable(_)) => Self::Value,
            Some(Token::Operator("*")) => Self::Star,
            // `OPERATOR(pg_catalog.+)`.
            Some(Token::Operator(_)) if index > 0 && tokens.is_symbol(index - 1, '.') => Self::Name,
            Some(Token::Symbol(')')) if ends_operator(tokens, index) => Self::Operator,
            Some(Token::Operator("=" | "<" | ">" | "<=" | ">=" | "<>" | "!=")) => Self::Comparison,
            Some(Token::Operator(_)) => Self::Operator,
            Some(Token::Symbol(',')) => Self::Comma,
            Some(Token::Symbol('.')) => Self::Point,
            Some(Token::Symbol('(')) => Self::Open,
            Some(Token::Symbol(')' | ']')) => Self::Close,
            Some(Token::Symbol(_)) | None => Self::Other,
        }
    }

    fn of_word(word: Word<'_>) -> Self {
        const CLAUSES: [&str; 9] = [
            "FROM",
            "WHERE",
            "GROUP",
            "HAVING",
            "ORDER",
            "LIMIT",
            "UNION",
            "EXCEPT",
            "INTERSECT",
        ];
        const HUNGRY: [&str; 11] = [
            "AND", "OR", "ON", "BY", "AS", "JOIN", "WHEN", "THEN", "ELSE", "LIKE", "BETWEEN",
        ];
        let is_in = |list: &[&str]| {
            list.iter()
                .any(|known| word.text.eq_ignore_ascii_case(known))
        };
        if is_in(&CLAUSES) {
            Self::Clause
        } else if is_in(&HUNGRY) {
            Self::Hungry
        } else if is_keyword(word.text) {
            Self::Keyword
        } else {
            Self::Name
        }
    }

    /// Returns whether an operand may end here.
    fn ends_operand(self) -> bool {
        matches!(self, Self::Name | Self::Text | Self::Value | Self::Close)
    }
}

fn wrong_pair(
    tokens: &Tokens<'_>,
    index: usize,
    first: Part,
    second: Option<Part>,
    dialect: Dialect,
) -> Option<&'static str> {
    let ends = matches!(second, None | Some(Part::Close));
    let is = |word: &str| tokens.are(index, &[word]);
    match (first, second) {
        // SQLite takes `CAST(a AS )`.
        (Part::Hungry, Some(_)) if ends && is("AS") && dialect == Dialect::Sqlite => None,
        (Part::Comma | Part::Point | Part::Comparison | Part::Operator | Part::Hungry, _)
            if ends =>
        {
            Some("it ends where something has to follow")
        }
        (Part::Clause, _) if ends => Some("a clause is empty"),
        (Part::Keyword, _) if ends && is("SELECT") && dialect != Dialect::Postgres => {
            Some("a SELECT is empty")
        }
        (Part::Clause, Some(Part::Clause)) if !is("UNION") && !is("EXCEPT") && !is("INTERSECT") => {
            Some("a clause is empty")
        }
        (Part::Comma | Part::Comparison | Part::Operator | Part::Hungry, Some(Part::Clause)) => {
            Some("a keyword stands where a value has to")
        }
        (Part::Comma | Part::Open | Part::Clause | Part::Comparison, Some(Part::Comma)) => {
            Some("a comma stands where a value has to")
        }
        (Part::Comparison, Some(Part::Comparison)) => Some("two comparisons in a row"),
        (Part::Comparison, Some(Part::Hungry)) => Some("a keyword stands where a value has to"),
        (Part::Clause, Some(next)) if is("ORDER") || is("GROUP") => {
            let by = tokens.are(index + 1, &["BY"]);
            (!by && next != Part::Open).then_some("BY is missing")
        }
        // Behind parentheses it may be right: `DISTINCT ON (a)1`.
        (Part::Text | Part::Value, Some(Part::Value)) => Some("two values in a row"),
        _ => None,
    }
}

fn wrong_triple(
    tokens: &Tokens<'_>,
    index: usize,
    &[first, second, third, fourth]: &[Part; 4],
) -> Option<&'static str> {
    let bare = |offset: usize| {
        tokens
            .word(index + offset)
            .is_some_and(|word| word.quote == Quote::Bare)
    };
    let selects_all = (tokens.are(index, &["SELECT"])
        || matches!(first, Part::Comma | Part::Point))
        && second == Part::Star
        && matches!(third, Part::Name | Part::Value);
    if selects_all {
        return Some("a name stands behind `*`");
    }
    // An alias ends what it names. Many names are keywords somewhere.
    let is_value = matches!(third, Part::Name | Part::Value)
        || (third == Part::Keyword && fourth == Part::Comparison);
    let misspelt = first.ends_operand()
        && second == Part::Name
        && bare(1)
        && is_value
        && !tokens.is_label(index + 1);
    misspelt.then_some("three values in a row")
}

/// Returns whether an `OPERATOR(schema.+)` ends with the token at `end`.
fn ends_operator(tokens: &Tokens<'_>, end: usize) -> bool {
    if end < 3 || !matches!(tokens.get(end - 1), Some(Token::Operator(_))) {
        return false;
    }
    let mut index = end - 2;
    while index >= 3 && tokens.is_symbol(index, '.') {
        index -= 2;
    }
    index >= 1 && tokens.is_symbol(index, '(') && tokens.are(index - 1, &["OPERATOR"])
}

fn is_balanced(tokens: &Tokens<'_>) -> bool {
    let mut depth = 0_usize;
    for index in 0..tokens.len() {
        if tokens.is_symbol(index, '(') {
            depth += 1;
        } else if tokens.is_symbol(index, ')') {
            let Some(outer) = depth.checked_sub(1) else {
                return false;
            };
            depth = outer;
        }
    }
    depth == 0
}

fn unfinished_cases(tokens: &Tokens<'_>) -> bool {
    let count = |word: &str| {
        (0..tokens.len())
            .filter(|&index| tokens.are(index, &[word]) && !tokens.is_label(index))
            .count()
    };
    let (cases, ends) = (count("CASE"), count("END"));
    cases > ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_wrong(sql: &str) -> bool {
        let tokens = Tokens::read(sql, Dialect::Mysql).unwrap();
        why_wrong(&tokens, Dialect::Mysql).is_some()
    }

    #[test]
    fn mistakes_that_two_or_three_tokens_show_are_found() {
        for sql in [
            "SELECT",
            "SELECT a FROM",
            "SELECT a FROM t WHERE",
            "SELECT a FROM WHERE a = 1",
            "SELECT a, FROM t",
            "SELECT a,, b FROM t",
            "SELECT a FROM t WHERE a = = 1",
            "SELECT a FROM t WHERE a = AND b = 1",
            "SELECT a FROM t WHERE (a = 1",
            "SELECT a FROM t WHERE a = 1)",
            "SELECT a FROM t ORDER a",
            "SELECT a FROM t GROUP a",
            "SELECT a FROM t LIMIT",
            "SELECT * FORM t",
            "SELECT a FORM t",
            "SELECT a FROM t WEHRE a = 1",
            "SELECT a FROM t WHERE a = 1 LIMT 5",
            "SELECT a FROM t WHERE a 1 2",
            "SELECT count( FROM t",
            "SELECT (SELECT a FROM) FROM t",
            "SELECT CASE WHEN a THEN b FROM t",
            "SELECT a FROM t WHERE a IN (1, )",
        ] {
            assert!(is_wrong(sql), "{sql}");
        }
    }

    #[test]
    fn what_may_be_right_is_not_found() {
        for sql in [
            "SELECT * FROM t",
            "SELECT t.*, count(*) FROM t",
            "SELECT a b, `c` d FROM t e",
            "SELECT a DIV b, a SOUNDS LIKE b, NOW() - INTERVAL 1 MINUTE_SECOND",
            "SELECT a AS from, t.where FROM t",
            "SELECT CASE a WHEN 1 THEN 2 ELSE 3 END",
            "SELECT group_concat(a ORDER BY b SEPARATOR ', ') FROM t GROUP BY c",
            "SELECT 'a' 'b', _utf8mb4 'c'",
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a)",
            "SELECT a OPERATOR(pg_catalog.*) 1, b OPERATOR(-) 1, OPERATOR(pg_catalog.-) 1",
            "SELECT count(t.*) FROM t",
            "SELECT DISTINCT ON (a)1 FROM t",
        ] {
            assert!(!is_wrong(sql), "{sql}");
        }
    }
}
