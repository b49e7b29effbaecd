use crate::calls::{self, Place};
use crate::token::{Keyword, Token};
use crate::tokens::Tokens;
use crate::unknown;
use crate::with_list::served_statement;
use crate::{Dialect, Finding, Functions, SideEffect};

/// Finds, in every token of a statement or part of one from `start` on, what a read must not have.
///
/// Returns the worst finding: one that writes before one that only locks, or else the first.
pub(crate) fn scan(
    tokens: &Tokens<'_>,
    start: usize,
    dialect: Dialect,
    functions: &Functions,
) -> Result<(), Finding> {
    let mut worst = None;
    walk(tokens, start, dialect, |place, clause| {
        let found = match tokens.get(place.index) {
            Some(Token::Symbol('(')) => calls::called_function(place, functions),
            Some(Token::Word(_)) => {
                clause.or_else(|| calls::function_without_parentheses(place, functions))
            }
            _ => None,
        };
        if let Some(found) = found {
            worst = Some(worse(worst.take(), found));
        }
    });
    worst.map_or(Ok(()), Err)
}

/// Finds the first call of a function that is not known to change nothing.
pub(crate) fn unknown_call(
    tokens: &Tokens<'_>,
    dialect: Dialect,
    functions: &Functions,
) -> Option<Finding> {
    let mut first = None;
    walk(tokens, 0, dialect, |place, _| {
        if first.is_none() {
            first = unknown::called_function(place, functions);
        }
    });
    first
}

/// Calls `at` with each token from `start` on, and with what begins there, if anything does that a read must not have.
fn walk(
    tokens: &Tokens<'_>,
    start: usize,
    dialect: Dialect,
    mut at: impl FnMut(Place<'_>, Option<Finding>),
) {
    let mut levels = vec![Level::outermost()];
    for index in start..tokens.len() {
        let place = Place {
            tokens,
            index,
            dialect,
            lists_ctes: levels.last().is_some_and(|level| level.serves.is_some()),
        };
        let begins = match tokens.get(index) {
            Some(Token::Symbol('(')) => {
                enter(&mut levels, tokens, index);
                None
            }
            Some(Token::Symbol(')')) => {
                leave(&mut levels);
                None
            }
            Some(Token::Word(_)) => {
                let level = levels.last_mut();
                level.and_then(|level| clause(level, tokens, index, dialect))
            }
            _ => None,
        };
        if let Some(level) = levels.last_mut() {
            level.begun |= !tokens.is_symbol(index, '(');
        }
        at(place, begins);
    }
}

/// Looks at a statement that is planned and does not run, for what runs while it is planned.
///
/// Planners evaluate functions that are declared to depend on nothing, or on the snapshot only. None
/// of the built-in list is, but those that run SQL they are given; what an own function is, is not known.
pub(crate) fn scan_planned(
    tokens: &Tokens<'_>,
    start: usize,
    dialect: Dialect,
    functions: &Functions,
) -> Result<(), Finding> {
    let evaluated = functions.only(&[SideEffect::Declared, SideEffect::HiddenSql]);
    match scan(tokens, start, dialect, &evaluated) {
        // Of a plan for a sequence's next value nothing remains.
        Err(Finding::SideEffect {
            effect: SideEffect::Sequence,
            ..
        }) => Ok(()),
        Err(finding @ (Finding::SideEffect { .. } | Finding::Unparsable { .. })) => Err(finding),
        _ => Ok(()),
    }
}

/// The facts about one level of parentheses.
#[derive(Debug)]
struct Level {
    /// Set if a whole statement may stand here: outermost, or in the body of a CTE or a COPY.
    statement: bool,
    /// Set if `FOR` is an argument's keyword here, as in `substring(a FOR b)`.
    spells_for: bool,
    /// Set after its first token.
    begun: bool,
    /// Inside the list of CTEs: where the statement they serve begins.
    serves: Option<Served>,
}

#[derive(Clone, Copy, Debug)]
enum Served {
    At(usize),
    /// The list has a shape that is not known: any verb may begin the statement.
    Anywhere,
}

impl Level {
    fn outermost() -> Self {
        Self {
            statement: true,
            spells_for: false,
            begun: false,
            serves: None,
        }
    }
}

fn enter(levels: &mut Vec<Level>, tokens: &Tokens<'_>, open: usize) {
    if let Some(level) = levels.last_mut() {
        level.begun = true;
    }
    let before = tokens.keyword_before(open);
    let is_query = matches!(
        tokens.keyword(open + 1),
        Keyword::Select | Keyword::Values | Keyword::With | Keyword::Table
    );
    levels.push(Level {
        statement: matches!(before, Keyword::As | Keyword::Materialized | Keyword::Copy),
        spells_for: !is_query
            && matches!(
                before,
                Keyword::Substring | Keyword::Substr | Keyword::Overlay
            ),
        begun: false,
        serves: None,
    });
}

/// Leaves a level. A fragment may close what it did not open; the outermost level stays.
fn leave(levels: &mut Vec<Level>) {
    if levels.len() > 1 {
        levels.pop();
    }
}

/// Returns the finding that begins with the word at `index`.
fn clause(
    level: &mut Level,
    tokens: &Tokens<'_>,
    index: usize,
    dialect: Dialect,
) -> Option<Finding> {
    let keyword = tokens.keyword(index);
    if keyword == Keyword::Other || tokens.follows_point(index) {
        return None;
    }
    if let Some(Served::At(served)) = level.serves
        && index >= served
    {
        level.serves = None;
        if index == served && is_verb(keyword) {
            return Some(Finding::write(verb(tokens, index)));
        }
    }
    match keyword {
        Keyword::For if !level.spells_for => row_lock(tokens, index),
        Keyword::Lock if tokens.are(index + 1, &["IN", "SHARE", "MODE"]) => {
            Some(Finding::RowLock {
                clause: "LOCK IN SHARE MODE".into(),
            })
        }
        Keyword::Next | Keyword::Previous => sequence_value(tokens, index),
        Keyword::Into => into(tokens, index),
        Keyword::With if !level.begun => {
            let served = served_statement(tokens, index);
            level.serves = Some(served.map_or(Served::Anywhere, Served::At));
            None
        }
        _ if is_verb(keyword) => {
            let begins = level.statement && !level.begun && is_dml(tokens, index, dialect);
            let serves = matches!(level.serves, Some(Served::Anywhere));
            (begins || serves).then(|| Finding::write(verb(tokens, index)))
        }
        _ => None,
    }
}

fn is_verb(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::Insert | Keyword::Update | Keyword::Delete | Keyword::Merge | Keyword::Replace
    )
}

fn verb(tokens: &Tokens<'_>, index: usize) -> String {
    let word = tokens.word(index);
    word.map(|word| word.text.to_ascii_uppercase())
        .unwrap_or_default()
}

fn row_lock(tokens: &Tokens<'_>, index: usize) -> Option<Finding> {
    const LOCKS: [(&[&str], &str); 4] = [
        (&["UPDATE"], "FOR UPDATE"),
        (&["SHARE"], "FOR SHARE"),
        (&["NO", "KEY", "UPDATE"], "FOR NO KEY UPDATE"),
        (&["KEY", "SHARE"], "FOR KEY SHARE"),
    ];
    let is_sequence = tokens.keyword_before(index) == Keyword::Value
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

fn sequence_value(tokens: &Tokens<'_>, index: usize) -> Option<Finding> {
    let which = ["NEXT", "PREVIOUS"]
        .into_iter()
        .find(|which| tokens.are(index, &[which, "VALUE", "FOR"]))?;
    let function = format!("{which} VALUE FOR");
    Some(Finding::SideEffect {
        function,
        effect: SideEffect::Sequence,
    })
}

fn into(tokens: &Tokens<'_>, index: usize) -> Option<Finding> {
    if tokens.is_label(index) {
        return None;
    }
    let to_file = ["OUTFILE", "DUMPFILE"]
        .into_iter()
        .find(|word| tokens.are(index + 1, &[word]));
    Some(Finding::write(match (to_file, tokens.get(index + 1)) {
        (Some(file), _) => format!("SELECT INTO {file}"),
        (None, Some(Token::Variable(_))) => "SELECT INTO @variable".to_owned(),
        (None, _) => "SELECT INTO".to_owned(),
    }))
}

/// Returns whether the verb at `index` is one: the words are legal column names too.
fn is_dml(tokens: &Tokens<'_>, index: usize, dialect: Dialect) -> bool {
    match tokens.keyword(index) {
        Keyword::Update => sets_columns(tokens, index + 1),
        // Reserved there; what has parentheses behind is a function of that name.
        _ if dialect == Dialect::Mysql => tokens.word(index + 1).is_some(),
        Keyword::Delete => tokens.are(index + 1, &["FROM"]),
        _ => tokens.are(index + 1, &["INTO"]) || tokens.are(index + 1, &["OR"]),
    }
}

fn sets_columns(tokens: &Tokens<'_>, mut index: usize) -> bool {
    loop {
        match tokens.get(index) {
            None | Some(Token::Symbol(')')) => return false,
            Some(Token::Symbol('(')) => index = tokens.after_parenthesis(index),
            Some(_) if tokens.keyword(index) == Keyword::Set => return true,
            Some(_) => index += 1,
        }
    }
}

fn worse(known: Option<Finding>, new: Finding) -> Finding {
    match known {
        Some(known) if known.is_write() || !new.is_write() => known,
        _ => new,
    }
}
