use super::Refusal;
use super::cursor::{Cursor, is_word_part};
use crate::token::Token;

/// Passes a number that all servers and versions end at the same place.
///
/// Some end a number before a letter and take what follows for a word, a keyword even; others take
/// all of it for a name, or for an error.
pub(super) fn number<'a>(cursor: &mut Cursor<'a>) -> Result<Token<'a>, Refusal> {
    let start = cursor.at();
    let based = match (cursor.peek(), cursor.peek_at(1)) {
        (Some(b'0'), Some(b'x' | b'X')) => prefixed(cursor, |byte| byte.is_ascii_hexdigit()),
        (Some(b'0'), Some(b'b' | b'B')) => prefixed(cursor, |byte| matches!(byte, b'0' | b'1')),
        _ => false,
    };
    if !based {
        decimal(cursor);
    }
    if cursor
        .peek()
        .is_some_and(|byte| is_word_part(byte) || byte == b'.')
    {
        return Err(cursor.refuse(
            "a number with a letter or a point right behind it: put a blank between them, or a name in quotes",
        ));
    }
    Ok(Token::Number(cursor.since(start)))
}

fn prefixed(cursor: &mut Cursor<'_>, is_digit: impl Fn(u8) -> bool) -> bool {
    let some = cursor.peek_at(2).is_some_and(&is_digit);
    if some {
        cursor.skip(2);
        cursor.skip_while(is_digit);
    }
    some
}

fn decimal(cursor: &mut Cursor<'_>) {
    let is_digit = |byte: u8| byte.is_ascii_digit();
    cursor.skip_while(is_digit);
    if cursor.peek() == Some(b'.') {
        cursor.skip(1);
        if !cursor.peek().is_some_and(is_digit) {
            return;
        }
        cursor.skip_while(is_digit);
    }
    if matches!(cursor.peek(), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(cursor.peek_at(1), Some(b'+' | b'-')));
        if cursor.peek_at(1 + sign).is_some_and(is_digit) {
            cursor.skip(1 + sign);
            cursor.skip_while(is_digit);
        }
    }
}
