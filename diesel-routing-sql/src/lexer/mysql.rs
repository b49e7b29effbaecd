use super::Refusal;
use super::cursor::{Cursor, ODD, is_blank, is_word_part, is_word_start};
use super::number::number;
use crate::Finding;
use crate::token::Token;

/// Cuts off the next token by the rules of `sql_lex.cc` of MySQL and MariaDB.
pub(super) fn next<'a>(
    cursor: &mut Cursor<'a>,
    before: Option<Token<'a>>,
    backslashes: bool,
) -> Result<Option<Token<'a>>, Refusal> {
    skip_comments(cursor)?;
    let Some(byte) = cursor.peek() else {
        return Ok(None);
    };
    let token = match byte {
        b'\'' | b'"' => cursor.text(byte, backslashes)?,
        b'b' | b'B' | b'n' | b'N' | b'x' | b'X' if cursor.peek_at(1) == Some(b'\'') => {
            cursor.skip(1);
            cursor.text(b'\'', backslashes)?
        }
        b'`' => cursor.quoted_name(b'`')?,
        b'@' => variable(cursor, backslashes)?,
        b'?' => {
            let start = cursor.at();
            cursor.skip(1);
            Token::Variable(cursor.since(start))
        }
        b'.' if cursor.begins_fraction() => number(cursor)?,
        b'.' => cursor.point(before)?,
        b'0'..=b'9' => number(cursor)?,
        _ if is_word_start(byte) => cursor.word()?,
        _ if is_operator(byte) => cursor.operator(is_operator),
        b'(' | b')' | b'{' | b'}' | b',' | b';' | b':' => cursor.symbol(byte),
        _ => return Err(cursor.refuse_byte(byte)),
    };
    Ok(Some(token))
}

/// Skips blanks and comments.
pub(super) fn skip_comments(cursor: &mut Cursor<'_>) -> Result<(), Refusal> {
    loop {
        match (cursor.peek(), cursor.peek_at(1)) {
            (Some(byte), _) if is_blank(byte) => cursor.skip_blanks(),
            (Some(b'#'), _) => cursor.skip_line(b"\n")?,
            (Some(b'-'), Some(b'-')) => match cursor.peek_at(2) {
                None => cursor.skip(2),
                Some(next) if is_blank(next) => cursor.skip_line(b"\n")?,
                Some(next) if next.is_ascii_control() => return Err(cursor.refuse(ODD)),
                Some(_) => return Ok(()),
            },
            (Some(b'/'), Some(b'*')) => block_comment(cursor)?,
            _ => return Ok(()),
        }
    }
}

/// Skips a comment that no version runs.
fn block_comment(cursor: &mut Cursor<'_>) -> Result<(), Refusal> {
    let rest = cursor.rest();
    if rest.starts_with("/*!") || rest.starts_with("/*M!") {
        let marker = rest
            .chars()
            .skip(2)
            .take_while(|c| matches!(c, 'M' | '!' | '0'..='9'));
        let finding = Finding::ConditionalComment {
            comment: format!("/*{}", marker.collect::<String>()),
        };
        return Err(Refusal {
            finding,
            is_certain: false,
        });
    }
    let is_hint = rest.starts_with("/*+");
    let comment = cursor.block_comment(false)?;
    if is_hint && comment.contains(['\'', '"', '`']) {
        // Hints have quotes of their own, which may hold the comment's end.
        return Err(cursor.refuse("an optimizer hint with quotes"));
    }
    Ok(())
}

/// Reads `@name`, `@'name'` or `@@name`.
fn variable<'a>(cursor: &mut Cursor<'a>, backslashes: bool) -> Result<Token<'a>, Refusal> {
    let start = cursor.at();
    cursor.skip(1);
    let system = cursor.peek() == Some(b'@');
    if system {
        cursor.skip(1);
    }
    match cursor.peek() {
        Some(b'`') => {
            cursor.quoted(b'`', false)?;
        }
        Some(quote @ (b'\'' | b'"')) if !system => {
            cursor.quoted(quote, backslashes)?;
        }
        Some(byte) if is_word_part(byte) => {
            // A point belongs to the name of a user's variable.
            cursor.skip_while(|byte| is_word_part(byte) || (!system && byte == b'.'));
        }
        _ => return Err(cursor.refuse("an `@` that begins no variable")),
    }
    Ok(Token::Variable(cursor.since(start)))
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'~' | b'!' | b'^' | b'&' | b'|' | b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'='
    )
}
