use super::Refusal;
use super::cursor::{Cursor, NUL, is_blank, is_word_part, is_word_start};
use super::number::number;
use crate::token::{Keyword, Quote, Text, Token, Word};

/// Cuts off the next token by the rules of PostgreSQL's `scan.l`.
pub(super) fn next<'a>(
    cursor: &mut Cursor<'a>,
    before: Option<Token<'a>>,
    backslashes: bool,
) -> Result<Option<Token<'a>>, Refusal> {
    skip_comments(cursor)?;
    let Some(byte) = cursor.peek() else {
        return Ok(None);
    };
    let quoted_next = cursor.peek_at(1) == Some(b'\'');
    let token = match byte {
        b'\'' => cursor.text(b'\'', backslashes)?,
        b'e' | b'E' if quoted_next => prefixed(cursor, 1, true)?,
        b'b' | b'B' | b'x' | b'X' if quoted_next => {
            cursor.skip(1);
            cursor.text(b'\'', false)?
        }
        b'n' | b'N' if quoted_next => {
            cursor.skip(1);
            cursor.text(b'\'', backslashes)?
        }
        b'u' | b'U' if cursor.peek_at(1) == Some(b'&') && cursor.peek_at(2) == Some(b'\'') => {
            prefixed(cursor, 2, false)?
        }
        b'u' | b'U' if cursor.peek_at(1) == Some(b'&') && cursor.peek_at(2) == Some(b'"') => {
            cursor.skip(2);
            Token::Word(Word {
                text: cursor.quoted(b'"', false)?,
                quote: Quote::Unicode,
                keyword: Keyword::Other,
            })
        }
        b'"' => cursor.quoted_name(b'"')?,
        b'$' => dollar(cursor)?,
        b'.' if cursor.begins_fraction() => number(cursor)?,
        b'.' => cursor.point(before)?,
        b'0'..=b'9' => number(cursor)?,
        _ if is_word_start(byte) => cursor.word()?,
        _ if is_operator(byte) => cursor.operator(is_operator),
        b'(' | b')' | b'[' | b']' | b',' | b';' | b':' => cursor.symbol(byte),
        _ => return Err(cursor.refuse_byte(byte)),
    };
    Ok(Some(token))
}

/// Skips blanks and comments.
pub(super) fn skip_comments(cursor: &mut Cursor<'_>) -> Result<(), Refusal> {
    loop {
        match (cursor.peek(), cursor.peek_at(1)) {
            (Some(byte), _) if is_blank(byte) => cursor.skip_blanks(),
            (Some(b'-'), Some(b'-')) => cursor.skip_line(b"\n\r")?,
            (Some(b'/'), Some(b'*')) => {
                cursor.block_comment(true)?;
            }
            _ => return Ok(()),
        }
    }
}

/// Reads `E'..'` or `U&'..'`.
fn prefixed<'a>(
    cursor: &mut Cursor<'a>,
    prefix: usize,
    backslashes: bool,
) -> Result<Token<'a>, Refusal> {
    cursor.skip(prefix);
    let content = cursor.quoted(b'\'', backslashes)?;
    Ok(Token::Text(Text {
        content,
        double_quoted: false,
        escapes: true,
    }))
}

/// Reads `$1`, `$$..$$` or `$tag$..$tag$`.
fn dollar<'a>(cursor: &mut Cursor<'a>) -> Result<Token<'a>, Refusal> {
    let start = cursor.at();
    cursor.skip(1);
    if cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        cursor.skip_while(|byte| byte.is_ascii_digit());
        if cursor.peek().is_some_and(is_word_part) {
            return Err(cursor
                .refuse("a placeholder with a letter right behind it: put a blank between them"));
        }
        return Ok(Token::Variable(cursor.since(start)));
    }
    if cursor.peek().is_some_and(is_word_start) {
        cursor.skip_while(|byte| is_word_part(byte) && byte != b'$');
    }
    if cursor.peek() != Some(b'$') {
        return Err(cursor.refuse("a `$` that begins no placeholder and no string"));
    }
    cursor.skip(1);
    let tag = cursor.since(start);
    let Some(length) = cursor.rest().find(tag) else {
        return Err(cursor.refuse("Unterminated dollar-quoted string"));
    };
    let content = cursor.rest().get(..length).unwrap_or_default();
    if content.contains('\0') {
        return Err(cursor.refuse(NUL));
    }
    cursor.skip(length + tag.len());
    Ok(Token::Text(Text {
        content,
        double_quoted: false,
        escapes: false,
    }))
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'~' | b'!'
            | b'@'
            | b'#'
            | b'^'
            | b'&'
            | b'|'
            | b'`'
            | b'?'
            | b'+'
            | b'-'
            | b'*'
            | b'/'
            | b'%'
            | b'<'
            | b'>'
            | b'='
    )
}
