//! Classifies EXPLAIN.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::kind::{Kind, refuse};
use crate::tokens::Tokens;
use crate::{Dialect, Finding};

/// Classifies the EXPLAIN (or DESCRIBE) at `start`.
///
/// PostgreSQL and SQLite run nothing without ANALYZE. MySQL and MariaDB run derived tables while they
/// explain, and their replicas refuse EXPLAIN of a write, so for those the explained statement decides.
pub(crate) fn classify(tokens: &Tokens, start: usize, dialect: Dialect) -> Result<Kind, Finding> {
    let (target, analyze) = skip_options(tokens, start + 1);
    if !analyze && dialect != Dialect::Mysql {
        return Ok(Kind::Plan);
    }
    match tokens.keyword(target) {
        Keyword::SELECT | Keyword::VALUES | Keyword::WITH | Keyword::TABLE => {
            Ok(Kind::RunPlan(target))
        }
        Keyword::INSERT | Keyword::UPDATE | Keyword::DELETE | Keyword::REPLACE | Keyword::MERGE => {
            let verb = tokens
                .word(target)
                .map(|word| word.value.to_ascii_uppercase());
            let analyze = if analyze { "ANALYZE " } else { "" };
            Err(Finding::write(format!(
                "EXPLAIN {analyze}{}",
                verb.unwrap_or_default()
            )))
        }
        _ if !analyze && tokens.word(target).is_some() => Ok(Kind::Show),
        _ if tokens.get(target) == Some(&Token::LParen) => Ok(Kind::RunPlan(target)),
        _ => Err(refuse(tokens, target)),
    }
}

/// Returns the index of the explained statement, and whether ANALYZE is among the options.
fn skip_options(tokens: &Tokens, start: usize) -> (usize, bool) {
    let mut analyze = false;
    let mut index = start;
    loop {
        if tokens.get(index) == Some(&Token::LParen) && !opens_query(tokens, index + 1) {
            let end = tokens.after_parenthesis(index);
            analyze |= (index..end).any(|inside| is_analyze(tokens, inside));
            index = end;
        } else if is_analyze(tokens, index) {
            analyze = true;
            index += 1;
        } else if tokens.are(index, &["QUERY", "PLAN"]) {
            index += 2;
        } else if tokens.are(index, &["FORMAT"]) && tokens.get(index + 1) == Some(&Token::Eq) {
            index += 3;
        } else if ["VERBOSE", "EXTENDED", "PARTITIONS"]
            .iter()
            .any(|word| tokens.are(index, &[word]))
        {
            index += 1;
        } else {
            return (index, analyze);
        }
    }
}

fn is_analyze(tokens: &Tokens, index: usize) -> bool {
    tokens.are(index, &["ANALYZE"]) || tokens.are(index, &["ANALYSE"])
}

fn opens_query(tokens: &Tokens, index: usize) -> bool {
    tokens.get(index) == Some(&Token::LParen)
        || matches!(
            tokens.keyword(index),
            Keyword::SELECT | Keyword::VALUES | Keyword::WITH | Keyword::TABLE
        )
}
