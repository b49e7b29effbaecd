//! Calls of listed functions, and names that only look like calls.

use crate::pragma;
use crate::token::{Keyword, Quote, Token, Word};
use crate::tokens::Tokens;
use crate::with_list::names_columns;
use crate::{Dialect, Finding, Functions, SideEffect};

/// The place of the scan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'p> {
    pub(crate) tokens: &'p Tokens<'p>,
    pub(crate) index: usize,
    pub(crate) dialect: Dialect,
    /// In the list of CTEs.
    pub(crate) lists_ctes: bool,
}

/// Returns the finding for the listed function whose arguments open here.
pub(crate) fn called_function(place: Place<'_>, functions: &Functions) -> Option<Finding> {
    let Place {
        tokens,
        index: open,
        dialect,
        ..
    } = place;
    let at = open.checked_sub(1)?;
    if at >= 1 && tokens.are(at - 1, &["UESCAPE"]) {
        return Some(hidden_name(UNICODE));
    }
    let name = function_name(tokens, at)?;
    if tokens.keyword_before(at) == Keyword::As && !tokens.is_label(at - 1) {
        return None;
    }
    if name.quote == Quote::Unicode {
        return Some(hidden_name(UNICODE));
    }
    if dialect == Dialect::Mysql && !name.text.is_ascii() && functions.declares_any() {
        // Stored functions are found by a collation there, in which `é` is `e`.
        return Some(hidden_name(
            "a function's name with letters beyond ASCII, which the server may take for another",
        ));
    }
    let function = name.lower();
    let effect = functions.effect_of_call(&function)?;
    if is_column_list(place) {
        return None;
    }
    Some(Finding::SideEffect {
        function: function.into_owned(),
        effect,
    })
}

/// Returns the word at `at` that may name a function.
pub(crate) fn function_name<'a>(tokens: &Tokens<'a>, at: usize) -> Option<Word<'a>> {
    match tokens.get(at)? {
        Token::Word(word) => Some(word),
        // A name, where the server's mode says ANSI_QUOTES.
        Token::Text(text) if text.double_quoted => Some(Word {
            text: text.content,
            quote: Quote::By('"'),
            keyword: Keyword::Other,
        }),
        _ => None,
    }
}

/// Returns whether the parenthesis at this place holds the columns of a CTE or of an alias.
pub(crate) fn is_column_list(place: Place<'_>) -> bool {
    (place.lists_ctes && names_columns(place.tokens, place.index))
        || lists_columns(place.tokens, place.index)
}

/// Calls that have no parentheses behind the name: PostgreSQL takes `a.f` for `f(a)` where `a` has no
/// column `f`, MariaDB `s.NEXTVAL` for Oracle's, and SQLite runs a pragma that is read like a table.
pub(crate) fn function_without_parentheses(
    place: Place<'_>,
    functions: &Functions,
) -> Option<Finding> {
    let Place { tokens, index, .. } = place;
    let word = tokens.word(index)?;
    match place.dialect {
        Dialect::Postgres => selected_function(tokens, index, word, functions),
        Dialect::Mysql => {
            let selects = tokens.follows_point(index)
                && word.is_bare()
                && ["nextval", "currval"].contains(&&*word.lower())
                && functions.contains("nextval");
            selects.then(|| Finding::SideEffect {
                function: word.lower().into_owned(),
                effect: SideEffect::Sequence,
            })
        }
        Dialect::Sqlite => {
            let name = word.lower();
            if ["bytecode", "tables_used"].contains(&&*name) && is_listed_in_from(tokens, index) {
                let effect = functions.effect_of_call(&name)?;
                return Some(Finding::SideEffect {
                    function: name.into_owned(),
                    effect,
                });
            }
            let pragma = name.strip_prefix("pragma_")?;
            (!pragma::answers_with_argument(pragma) && !pragma::answers(pragma))
                .then(|| Finding::not_a_read(format!("PRAGMA {pragma}")))
        }
    }
}

fn selected_function(
    tokens: &Tokens<'_>,
    index: usize,
    word: Word<'_>,
    functions: &Functions,
) -> Option<Finding> {
    let selects = tokens.follows_point(index)
        && !matches!(tokens.get(index + 1), Some(Token::Symbol('(' | '.')));
    if !selects {
        return None;
    }
    if word.quote == Quote::Unicode
        && (word.text.contains('\\') || tokens.are(index + 1, &["UESCAPE"]))
    {
        return Some(hidden_name(UNICODE));
    }
    if !functions.may_list(word.text) || is_relation(tokens, index) {
        return None;
    }
    let function = word.lower();
    let effect = functions.effect_of_call(&function)?;
    Some(Finding::SideEffect {
        function: function.into_owned(),
        effect,
    })
}

/// Returns whether the qualified name that ends at `index` stands where a table does.
fn is_relation(tokens: &Tokens<'_>, index: usize) -> bool {
    let mut first = index;
    while tokens.follows_point(first) && first >= 2 && tokens.word(first - 2).is_some() {
        first -= 2;
    }
    first < index
        && !tokens.follows_point(first)
        && matches!(
            tokens.keyword_before(first),
            Keyword::From | Keyword::Join | Keyword::Only | Keyword::Table | Keyword::Copy
        )
}

/// Returns whether the name at `index` stands in a list of tables, and not in one of expressions.
pub(crate) fn is_listed_in_from(tokens: &Tokens<'_>, index: usize) -> bool {
    if tokens.follows_point(index) {
        return true;
    }
    match tokens.before(index) {
        Some(Token::Symbol(',' | '(')) => {
            let clause = (0..index).rev().map(|before| tokens.keyword(before));
            let mut clauses = clause
                .filter(|keyword| matches!(keyword, Keyword::Select | Keyword::From | Keyword::By));
            clauses.next() == Some(Keyword::From)
        }
        _ => matches!(tokens.keyword_before(index), Keyword::From | Keyword::Join),
    }
}

/// Returns whether the parenthesis at `open` holds the columns of an alias: `FROM f() alias (a int, b)`.
///
/// No expression has a call right behind a quoted name or behind a parenthesis, but for
/// `DISTINCT ON (..) f()` and `OPERATOR(..) f()`.
fn lists_columns(tokens: &Tokens<'_>, open: usize) -> bool {
    let Some(before) = open.checked_sub(2) else {
        return false;
    };
    let follows_item = match tokens.get(before) {
        Some(Token::Symbol(')')) => ends_operand(tokens, before),
        Some(Token::Word(word)) => {
            let previous = tokens.keyword_before(before);
            // A bare word may be `LATERAL`, or an operator such as MySQL's `BINARY`.
            (word.keyword == Keyword::Ordinality && previous == Keyword::With)
                || (matches!(word.quote, Quote::By(_))
                    && matches!(previous, Keyword::From | Keyword::Join))
        }
        _ => false,
    };
    follows_item && holds_columns(tokens, open)
}

/// Returns whether the closing parenthesis at `close` ends something that no call can follow.
pub(crate) fn ends_operand(tokens: &Tokens<'_>, close: usize) -> bool {
    let opener = (0..close).rev().find(|&index| {
        tokens.is_symbol(index, '(') && tokens.after_parenthesis(index) == close + 1
    });
    opener.is_some_and(|opener| {
        !matches!(
            tokens.keyword_before(opener),
            Keyword::On | Keyword::Operator
        )
    })
}

/// Returns whether there are only names, types and commas between the parentheses.
fn holds_columns(tokens: &Tokens<'_>, open: usize) -> bool {
    let end = tokens.after_parenthesis(open);
    let mut index = open + 1;
    while index + 1 < end {
        match tokens.get(index) {
            // A type's size, such as `numeric(10, 2)`.
            Some(Token::Symbol('(')) => {
                let close = tokens.after_parenthesis(index);
                let sizes = (index + 1..close.saturating_sub(1)).all(|size| {
                    matches!(
                        tokens.get(size),
                        Some(Token::Number(_) | Token::Symbol(','))
                    )
                });
                if !sizes {
                    return false;
                }
                index = close;
            }
            Some(Token::Word(_) | Token::Symbol(',' | '.' | '[' | ']')) => index += 1,
            _ => return false,
        }
    }
    end > open + 2
}

const UNICODE: &str = "`U&\"..\"`, whose escapes may hide a function's name";

fn hidden_name(what: &str) -> Finding {
    Finding::Unparsable {
        message: format!("{what}: write the name as it is"),
    }
}
