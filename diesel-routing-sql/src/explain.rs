use crate::kind::{Kind, refuse};
use crate::token::{Keyword, Quote, Token};
use crate::tokens::Tokens;
use crate::{Dialect, Finding, pragma};

/// Tells what the EXPLAIN (or DESCRIBE, or MariaDB's ANALYZE) at `start` does.
///
/// PostgreSQL and SQLite run nothing without ANALYZE. MySQL and MariaDB run derived tables while they
/// explain, and their replicas refuse EXPLAIN of a write, so there the explained statement decides.
/// Whatever is explained has to be a statement that is known here: SQLite runs some pragmas while it
/// prepares them, and PostgreSQL evaluates the arguments of EXECUTE.
pub(crate) fn classify(
    tokens: &Tokens<'_>,
    start: usize,
    dialect: Dialect,
) -> Result<Kind, Finding> {
    let options = match dialect {
        Dialect::Postgres => postgres_options(tokens, start + 1)?,
        Dialect::Mysql => mysql_options(tokens, start),
        Dialect::Sqlite if tokens.are(start + 1, &["QUERY", "PLAN"]) => Options::plan(start + 3),
        Dialect::Sqlite => Options::plan(start + 1),
    };
    let Options { target, runs } = options;
    // MariaDB's `ANALYZE SELECT` runs a query; `ANALYZE TABLE` is another statement.
    let is_analyze = tokens.keyword(start) == Keyword::Analyze;
    match tokens.keyword(target) {
        Keyword::Select | Keyword::Values | Keyword::With => Ok(explained(target, runs)),
        Keyword::Table if dialect != Dialect::Sqlite && !is_analyze => Ok(explained(target, runs)),
        Keyword::Insert | Keyword::Update | Keyword::Delete | Keyword::Replace | Keyword::Merge => {
            if !runs {
                return Ok(Kind::Plan(target));
            }
            Err(Finding::write(format!(
                "{}{}",
                explain_words(tokens, start, target),
                verb(tokens, target)
            )))
        }
        Keyword::Create | Keyword::Declare | Keyword::Refresh
            if dialect == Dialect::Postgres && !runs =>
        {
            Ok(Kind::Plan(target))
        }
        Keyword::Pragma if dialect == Dialect::Sqlite => pragma::classify(tokens, target),
        _ if tokens.is_symbol(target, '(') => Ok(explained(target, runs)),
        _ if is_analyze || tokens.get(target).is_none() => Err(refuse(tokens, start)),
        _ if dialect == Dialect::Mysql && describes(tokens, target) => Ok(Kind::Show),
        _ => Err(refuse(tokens, target)),
    }
}

fn explained(target: usize, runs: bool) -> Kind {
    if runs {
        Kind::RunPlan(target)
    } else {
        Kind::Plan(target)
    }
}

/// The options before the explained statement.
struct Options {
    /// The index of its first token.
    target: usize,
    /// Set if the statement runs.
    runs: bool,
}

impl Options {
    fn plan(target: usize) -> Self {
        Self {
            target,
            runs: false,
        }
    }
}

/// Reads `ANALYZE VERBOSE`, or a list in parentheses.
fn postgres_options(tokens: &Tokens<'_>, start: usize) -> Result<Options, Finding> {
    if tokens.is_symbol(start, '(') && !opens_query(tokens, start + 1) {
        return Ok(Options {
            target: tokens.after_parenthesis(start),
            runs: analyzes(tokens, start + 1)?,
        });
    }
    let mut options = Options::plan(start);
    if is_analyze(tokens, options.target) {
        options.runs = true;
        options.target += 1;
    }
    if tokens.are(options.target, &["VERBOSE"]) {
        options.target += 1;
    }
    Ok(options)
}

/// Returns whether a list of options turns ANALYZE on: `name [value], ..`, the first name at `index`.
fn analyzes(tokens: &Tokens<'_>, mut index: usize) -> Result<bool, Finding> {
    let mut runs = false;
    loop {
        // Names may be quoted. An escaped one is not read here.
        let Some(name) = tokens
            .word(index)
            .filter(|name| name.quote != Quote::Unicode)
        else {
            return Err(not_understood(tokens, index));
        };
        let has_value = !matches!(tokens.get(index + 1), Some(Token::Symbol(',' | ')')));
        let is_off = has_value && is_off(tokens, index + 1);
        runs |= ["analyze", "analyse"].contains(&&*name.lower()) && !is_off;
        index += if has_value { 2 } else { 1 };
        match tokens.get(index) {
            Some(Token::Symbol(',')) => index += 1,
            Some(Token::Symbol(')')) => return Ok(runs),
            _ => return Err(not_understood(tokens, index)),
        }
    }
}

/// Returns whether a value is one that PostgreSQL's `defGetBoolean` takes for false.
fn is_off(tokens: &Tokens<'_>, index: usize) -> bool {
    match tokens.get(index) {
        Some(Token::Word(word)) => {
            word.quote != Quote::Unicode && ["off", "false"].contains(&&*word.lower())
        }
        Some(Token::Text(text)) => {
            !text.escapes
                && ["off", "false"]
                    .iter()
                    .any(|off| text.content.eq_ignore_ascii_case(off))
        }
        Some(Token::Number(number)) => number == "0",
        _ => false,
    }
}

fn not_understood(tokens: &Tokens<'_>, index: usize) -> Finding {
    let what = match tokens.get(index) {
        Some(Token::Word(word)) => format!("the option `{}`", word.text),
        Some(_) => "this list of options".to_owned(),
        None => "a list of options that does not end".to_owned(),
    };
    Finding::Unparsable {
        message: format!("{what} of EXPLAIN is not known"),
    }
}

/// Reads `ANALYZE`, `FORMAT=..`, `EXTENDED`, `PARTITIONS`, in any order.
fn mysql_options(tokens: &Tokens<'_>, start: usize) -> Options {
    let mut target = start + 1;
    loop {
        if tokens.are(target, &["FORMAT"])
            && tokens.get(target + 1) == Some(Token::Operator("="))
            && matches!(
                tokens.get(target + 2),
                Some(Token::Word(_) | Token::Text(_))
            )
        {
            target += 3;
        } else if ["ANALYZE", "EXTENDED", "PARTITIONS"]
            .iter()
            .any(|word| tokens.are(target, &[word]))
            && tokens.word(target + 1).is_some_and(|next| next.is_bare())
        {
            target += 1;
        } else {
            return Options { target, runs: true };
        }
    }
}

/// Returns whether it is `DESCRIBE t`, `EXPLAIN t column` or `EXPLAIN FOR CONNECTION 5`.
fn describes(tokens: &Tokens<'_>, target: usize) -> bool {
    if tokens.are(target, &["FOR", "CONNECTION"]) {
        return matches!(tokens.get(target + 2), Some(Token::Number(_)))
            && tokens.len() == target + 3;
    }
    if tokens.word(target).is_none() {
        return false;
    }
    let mut next = target + 1;
    if tokens.is_symbol(next, '.') && tokens.word(next + 1).is_some() {
        next += 2;
    }
    if matches!(tokens.get(next), Some(Token::Word(_) | Token::Text(_))) {
        next += 1;
    }
    next == tokens.len()
}

fn explain_words(tokens: &Tokens<'_>, start: usize, target: usize) -> &'static str {
    let analyze = (start..target).any(|index| {
        is_analyze(tokens, index)
            || tokens
                .word(index)
                .is_some_and(|word| word.lower() == "analyze")
    });
    match (tokens.keyword(start), analyze) {
        (Keyword::Analyze, _) => "ANALYZE ",
        (_, true) => "EXPLAIN ANALYZE ",
        (_, false) => "EXPLAIN ",
    }
}

fn verb(tokens: &Tokens<'_>, target: usize) -> String {
    let word = tokens.word(target);
    word.map(|word| word.text.to_ascii_uppercase())
        .unwrap_or_default()
}

fn is_analyze(tokens: &Tokens<'_>, index: usize) -> bool {
    tokens.are(index, &["ANALYZE"]) || tokens.are(index, &["ANALYSE"])
}

fn opens_query(tokens: &Tokens<'_>, index: usize) -> bool {
    tokens.is_symbol(index, '(')
        || matches!(
            tokens.keyword(index),
            Keyword::Select | Keyword::Values | Keyword::With | Keyword::Table
        )
}
