use super::Refusal;
use super::cursor::{Cursor, is_blank, is_word_part, is_word_start};
use super::number::number;
use crate::token::{Keyword, Quote, Token, Word};

/// Cuts off the next token by the rules of SQLite's `tokenize.c`.
pub(super) fn next<'a>(
    cursor: &mut Cursor<'a>,
    before: Option<Token<'a>>,
) -> Result<Option<Token<'a>>, Refusal> {
    skip_comments(cursor)?;
    let Some(byte) = cursor.peek() else {
        return Ok(None);
    };
    let token = match byte {
        b'\'' => cursor.text(b'\'', false)?,
        b'x' | b'X' if cursor.peek_at(1) == Some(b'\'') => {
            cursor.skip(1);
            cursor.text(b'\'', false)?
        }
        b'"' | b'`' => cursor.quoted_name(byte)?,
        b'[' => bracketed(cursor)?,
        b'?' | b':' | b'@' | b'$' => variable(cursor)?,
        b'.' if cursor.begins_fraction() => number(cursor)?,
        b'.' => cursor.point(before)?,
        b'0'..=b'9' => number(cursor)?,
        _ if is_word_start(byte) => cursor.word()?,
        _ if is_operator(byte) => cursor.operator(is_operator),
        b'(' | b')' | b',' | b';' => cursor.symbol(byte),
        _ => return Err(cursor.refuse_byte(byte)),
    };
    Ok(Some(token))
}

/// Skips blanks and comments.
pub(super) fn skip_comments(cursor: &mut Cursor<'_>) -> Result<(), Refusal> {
    loop {
        match (cursor.peek(), cursor.peek_at(1)) {
            (Some(byte), _) if is_blank(byte) => cursor.skip_blanks(),
            (Some(b'-'), Some(b'-')) => cursor.skip_line(b"\n")?,
            (Some(b'/'), Some(b'*')) => {
                cursor.block_comment(false)?;
            }
            _ => return Ok(()),
        }
    }
}

/// Reads `[name]`, which has no escape.
fn bracketed<'a>(cursor: &mut Cursor<'a>) -> Result<Token<'a>, Refusal> {
    let start = cursor.at() + 1;
    cursor.skip_while(|byte| byte != b']' && byte != 0);
    if cursor.peek() != Some(b']') {
        return Err(cursor.refuse("Unterminated quotes"));
    }
    let text = cursor.since(start);
    cursor.skip(1);
    Ok(Token::Word(Word {
        text,
        quote: Quote::By(']'),
        keyword: Keyword::Other,
    }))
}

/// Reads `?`, `?1`, `:a`, `@a` or `$a`.
fn variable<'a>(cursor: &mut Cursor<'a>) -> Result<Token<'a>, Refusal> {
    let start = cursor.at();
    let numbered = cursor.peek() == Some(b'?');
    cursor.skip(1);
    if numbered {
        cursor.skip_while(|byte| byte.is_ascii_digit());
    } else {
        cursor.skip_while(is_word_part);
    }
    let empty = !numbered && cursor.at() == start + 1;
    // Tcl's `$a(..)` and `$a::b` are one variable there.
    let goes_on = match cursor.peek() {
        Some(b'(' | b':') => !numbered,
        Some(byte) => numbered && is_word_part(byte),
        None => false,
    };
    if empty || goes_on {
        return Err(cursor.refuse("a placeholder that may go on: put a blank behind it"));
    }
    Ok(Token::Variable(cursor.since(start)))
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'~' | b'!' | b'&' | b'|' | b'+' | b'-' | b'*' | b'/' | b'%' | b'<' | b'>' | b'='
    )
}
