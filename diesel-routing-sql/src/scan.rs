//! The first check: a scan of the tokens.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::tokens::Tokens;
use crate::{Dialect, Finding, Functions, SideEffect};

/// Finds, in every token of a statement or part of one from `start` on, what a read must not have.
///
/// Returns the worst finding: one that writes before one that only locks, or else the first.
pub(crate) fn scan(
    tokens: &Tokens,
    start: usize,
    dialect: Dialect,
    functions: &Functions,
) -> Result<(), Finding> {
    let mut worst = None;
    let mut levels = vec![Level::outermost()];

    for index in start..tokens.len() {
        let found = match tokens.get(index) {
            Some(Token::LParen) => {
                enter(&mut levels, tokens, index);
                called_function(tokens, index, functions)
            }
            Some(Token::RParen) => {
                leave(&mut levels);
                None
            }
            Some(Token::Word(_)) => {
                let level = levels.last_mut();
                level
                    .and_then(|level| clause(level, tokens, index))
                    .or_else(|| selected_function(tokens, index, dialect, functions))
            }
            _ => None,
        };
        if let Some(level) = levels.last_mut() {
            level.begun |= tokens.get(index) != Some(&Token::LParen);
        }
        if let Some(found) = found {
            worst = Some(worse(worst, found));
        }
    }
    worst.map_or(Ok(()), Err)
}

/// The state of one level of parentheses.
#[derive(Debug)]
struct Level {
    /// Set if a whole statement may stand here: outermost, or in the body of a CTE or a COPY.
    statement: bool,
    /// Set if `FOR` is an argument's keyword here, as in `substring(a FOR b)`.
    spells_for: bool,
    /// Set after its first token.
    begun: bool,
    /// Set inside the list of CTEs, before their statement.
    in_with: bool,
}

impl Level {
    fn outermost() -> Self {
        Self {
            statement: true,
            spells_for: false,
            begun: false,
            in_with: false,
        }
    }
}

fn enter(levels: &mut Vec<Level>, tokens: &Tokens, open: usize) {
    if let Some(level) = levels.last_mut() {
        level.begun = true;
    }
    let before = tokens.keyword_before(open);
    levels.push(Level {
        statement: matches!(before, Keyword::AS | Keyword::MATERIALIZED | Keyword::COPY),
        spells_for: matches!(
            before,
            Keyword::SUBSTRING | Keyword::SUBSTR | Keyword::OVERLAY
        ),
        begun: false,
        in_with: false,
    });
}

/// Leaves a level. A fragment may close what it did not open; the outermost level stays.
fn leave(levels: &mut Vec<Level>) {
    if levels.len() > 1 {
        levels.pop();
    }
}

/// Returns the finding for a clause that begins with the word at `index`.
fn clause(level: &mut Level, tokens: &Tokens, index: usize) -> Option<Finding> {
    if tokens.before(index) == Some(&Token::Period) {
        return None;
    }
    match tokens.keyword(index) {
        Keyword::FOR if !level.spells_for => row_lock(tokens, index),
        Keyword::LOCK if tokens.are(index + 1, &["IN", "SHARE", "MODE"]) => {
            Some(Finding::RowLock {
                clause: "LOCK IN SHARE MODE".into(),
            })
        }
        Keyword::NEXT | Keyword::NoKeyword => sequence_value(tokens, index),
        Keyword::INTO => into(tokens, index),
        Keyword::WITH if !level.begun => {
            level.in_with = true;
            None
        }
        Keyword::SELECT | Keyword::VALUES | Keyword::TABLE => {
            if level.in_with && serves_with(tokens, index) {
                level.in_with = false;
            }
            None
        }
        Keyword::INSERT | Keyword::UPDATE | Keyword::DELETE | Keyword::MERGE | Keyword::REPLACE => {
            let begins = level.statement && !level.begun && is_dml(tokens, index);
            let serves = level.in_with && serves_with(tokens, index);
            let verb = tokens.word(index)?.value.to_ascii_uppercase();
            (begins || serves).then(|| Finding::write(verb))
        }
        _ => None,
    }
}

fn row_lock(tokens: &Tokens, index: usize) -> Option<Finding> {
    const LOCKS: [(&[&str], &str); 4] = [
        (&["UPDATE"], "FOR UPDATE"),
        (&["SHARE"], "FOR SHARE"),
        (&["NO", "KEY", "UPDATE"], "FOR NO KEY UPDATE"),
        (&["KEY", "SHARE"], "FOR KEY SHARE"),
    ];
    let is_sequence = tokens.keyword_before(index) == Keyword::VALUE
        && index >= 2
        && sequence_value(tokens, index - 2).is_some();
    if is_sequence {
        return None;
    }
    let (_, clause) = LOCKS
        .iter()
        .find(|(words, _)| tokens.are(index + 1, words))?;
    Some(Finding::RowLock {
        clause: (*clause).to_owned(),
    })
}

fn sequence_value(tokens: &Tokens, index: usize) -> Option<Finding> {
    let which = ["NEXT", "PREVIOUS"]
        .into_iter()
        .find(|which| tokens.are(index, &[which, "VALUE", "FOR"]))?;
    let function = format!("{which} VALUE FOR");
    Some(Finding::SideEffect {
        function,
        effect: SideEffect::Sequence,
    })
}

fn into(tokens: &Tokens, index: usize) -> Option<Finding> {
    if tokens.keyword_before(index) == Keyword::AS {
        return None;
    }
    let to_file = ["OUTFILE", "DUMPFILE"]
        .into_iter()
        .find(|word| tokens.are(index + 1, &[word]));
    let to_variable = match tokens.get(index + 1) {
        Some(Token::Word(word)) => word.value.starts_with('@'),
        Some(token) => *token == Token::AtSign,
        None => false,
    };
    Some(Finding::write(match to_file {
        Some(file) => format!("SELECT INTO {file}"),
        None if to_variable => "SELECT INTO @variable".to_owned(),
        None => "SELECT INTO".to_owned(),
    }))
}

/// Returns whether the verb at `index` begins the statement of the CTEs before it; otherwise it is a name
/// in their list.
fn serves_with(tokens: &Tokens, index: usize) -> bool {
    let names_something = matches!(
        tokens.keyword_before(index),
        Keyword::WITH
            | Keyword::RECURSIVE
            | Keyword::BY
            | Keyword::SET
            | Keyword::USING
            | Keyword::TO
            | Keyword::DEFAULT
    );
    !names_something && tokens.before(index) != Some(&Token::Comma)
}

/// Returns whether the word at `index` is used as a verb: the words are legal column names too.
fn is_dml(tokens: &Tokens, index: usize) -> bool {
    match tokens.keyword(index) {
        Keyword::DELETE => tokens.are(index + 1, &["FROM"]),
        Keyword::UPDATE => sets_columns(tokens, index + 1),
        _ => tokens.are(index + 1, &["INTO"]),
    }
}

fn sets_columns(tokens: &Tokens, mut index: usize) -> bool {
    loop {
        match tokens.get(index) {
            None | Some(Token::RParen) => return false,
            Some(Token::LParen) => index = tokens.after_parenthesis(index),
            Some(_) if tokens.keyword(index) == Keyword::SET => return true,
            Some(_) => index += 1,
        }
    }
}

/// Returns the finding for a listed function whose arguments open at `open`.
fn called_function(tokens: &Tokens, open: usize, functions: &Functions) -> Option<Finding> {
    let at = open.checked_sub(1)?;
    let function = tokens.word(at)?.value.to_lowercase();
    if tokens.keyword_before(at) == Keyword::AS {
        return None;
    }
    let bare = tokens.get(open + 1) == Some(&Token::RParen);
    let effect = functions.effect_of_call(&function, bare)?;
    Some(Finding::SideEffect { function, effect })
}

/// Returns the finding for `(argument).function`, which PostgreSQL treats as a call.
fn selected_function(
    tokens: &Tokens,
    index: usize,
    dialect: Dialect,
    functions: &Functions,
) -> Option<Finding> {
    let selects = dialect == Dialect::Postgres
        && tokens.before(index) == Some(&Token::Period)
        && matches!(
            tokens.before(index - 1),
            Some(Token::RParen | Token::RBracket)
        )
        && tokens.get(index + 1) != Some(&Token::LParen);
    if !selects {
        return None;
    }
    let function = tokens.word(index)?.value.to_lowercase();
    let effect = functions.effect_of_call(&function, false)?;
    Some(Finding::SideEffect { function, effect })
}

fn worse(known: Option<Finding>, new: Finding) -> Finding {
    match known {
        Some(known) if known.is_write() || !new.is_write() => known,
        _ => new,
    }
}
