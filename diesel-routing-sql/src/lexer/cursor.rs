use super::Refusal;
use crate::Finding;
use crate::locate::line_and_column;
use crate::token::{Keyword, Quote, Text, Token, Word};

/// A place in the text.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Returns what was passed since `start`.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Returns the next byte; every byte that matters is ASCII.
    pub(super) fn peek(&self) -> Option<u8> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, offset: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + offset).copied()
    }

    /// Returns whether the point here begins a number: a digit follows, and no name stands right before it.
    pub(super) fn begins_fraction(&self) -> bool {
        let behind = self
            .at
            .checked_sub(1)
            .and_then(|at| self.text.as_bytes().get(at));
        self.peek_at(1).is_some_and(|byte| byte.is_ascii_digit())
            && !behind.is_some_and(|&byte| {
                is_word_part(byte) || matches!(byte, b'"' | b'\'' | b'`' | b')' | b']' | b'.')
            })
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.text.len());
    }

    pub(super) fn skip_while(&mut self, test: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&test) {
            self.at += 1;
        }
    }

    pub(super) fn starts_with(&self, prefix: &str) -> bool {
        self.rest().starts_with(prefix)
    }

    /// Refuses what servers may read in different ways.
    pub(super) fn refuse(&self, message: &str) -> Refusal {
        Refusal {
            finding: self.finding(message),
            is_certain: false,
        }
    }

    /// Refuses what no server takes.
    fn refuse_for_all(&self, message: &str) -> Refusal {
        Refusal {
            finding: self.finding(message),
            is_certain: true,
        }
    }

    /// Refuses a byte that begins no token.
    pub(super) fn refuse_byte(&self, byte: u8) -> Refusal {
        match byte {
            0 => self.refuse(NUL),
            // MySQL's NULL.
            b'\\' if !matches!(self.peek_at(1), Some(b'N')) => self.refuse_for_all(ODD),
            _ => self.refuse(ODD),
        }
    }

    fn finding(&self, message: &str) -> Finding {
        let (line, column) = line_and_column(self.text, self.at);
        Finding::Unparsable {
            message: format!("{message} at Line: {line}, Column: {column}"),
        }
    }

    /// Skips blanks that every server takes for blanks.
    pub(super) fn skip_blanks(&mut self) {
        self.skip_while(is_blank);
    }

    /// Skips to one of `ends`, and past it; to the end of the text if there is none.
    pub(super) fn skip_line(&mut self, ends: &[u8]) -> Result<(), Refusal> {
        while let Some(byte) = self.peek() {
            if byte == 0 {
                return Err(self.refuse(NUL));
            }
            self.at += 1;
            if ends.contains(&byte) {
                break;
            }
        }
        Ok(())
    }

    /// Skips a comment that begins here with `/*`, and returns what is in it.
    pub(super) fn block_comment(&mut self, nests: bool) -> Result<&'a str, Refusal> {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match (self.peek(), self.peek_at(1)) {
                (Some(b'/'), Some(b'*')) if depth == 0 || nests => {
                    depth += 1;
                    self.at += 2;
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(self.since(start));
                    }
                }
                (Some(0), _) => return Err(self.refuse(NUL)),
                (Some(_), _) => self.at += 1,
                (None, _) => {
                    self.at = start;
                    return Err(self.refuse_for_all("Unterminated comment"));
                }
            }
        }
    }

    /// Passes what is between the quote here and its like, and returns it; the quote is doubled inside.
    pub(super) fn quoted(&mut self, quote: u8, backslashes: bool) -> Result<&'a str, Refusal> {
        let open = self.at;
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'\\') if backslashes && self.peek_at(1).is_some() => self.at += 2,
                Some(byte) if byte == quote && self.peek_at(1) == Some(quote) => self.at += 2,
                Some(byte) if byte == quote => {
                    let content = self.since(start);
                    self.at += 1;
                    return Ok(content);
                }
                Some(0) => return Err(self.refuse(NUL)),
                Some(_) => self.at += 1,
                None => {
                    self.at = open;
                    let what = if quote == b'\'' {
                        "Unterminated string literal"
                    } else {
                        "Unterminated quotes"
                    };
                    return Err(self.refuse_for_all(what));
                }
            }
        }
    }

    pub(super) fn text(&mut self, quote: u8, backslashes: bool) -> Result<Token<'a>, Refusal> {
        let content = self.quoted(quote, backslashes)?;
        Ok(Token::Text(Text {
            content,
            double_quoted: quote == b'"',
            escapes: false,
        }))
    }

    pub(super) fn quoted_name(&mut self, quote: u8) -> Result<Token<'a>, Refusal> {
        let text = self.quoted(quote, false)?;
        Ok(Token::Word(Word {
            text,
            quote: Quote::By(char::from(quote)),
            keyword: Keyword::Other,
        }))
    }

    /// Passes a bare word.
    pub(super) fn word(&mut self) -> Result<Token<'a>, Refusal> {
        let start = self.at;
        self.skip_while(is_word_part);
        let text = self.since(start);
        if !text.is_ascii() && text.chars().any(is_odd) {
            self.at = start;
            return Err(self
                .refuse("a blank or an invisible character that servers take for part of a name"));
        }
        Ok(Token::Word(Word::bare(text)))
    }

    pub(super) fn operator(&mut self, is_part: impl Fn(u8) -> bool) -> Token<'a> {
        let start = self.at;
        self.at += 1;
        while self.peek().is_some_and(&is_part)
            && !self.starts_with("--")
            && !self.starts_with("/*")
        {
            self.at += 1;
        }
        Token::Operator(self.since(start))
    }

    pub(super) fn symbol(&mut self, byte: u8) -> Token<'a> {
        self.at += 1;
        Token::Symbol(char::from(byte))
    }

    /// Reads the point here, unless a number or a digit next to it makes it part of a number somewhere.
    pub(super) fn point(&mut self, before: Option<Token<'_>>) -> Result<Token<'a>, Refusal> {
        if matches!(before, Some(Token::Number(_)))
            || self.peek_at(1).is_some_and(|byte| byte.is_ascii_digit())
        {
            return Err(self
                .refuse("a point that may belong to a number or to a name: put names in quotes"));
        }
        Ok(self.symbol(b'.'))
    }
}

pub(super) const NUL: &str = "a NUL character";
pub(super) const ODD: &str = "a character that is not known here outside quotes";

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

pub(super) fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

pub(super) fn is_word_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

/// Blanks and invisible characters beyond ASCII.
fn is_odd(c: char) -> bool {
    (c.is_whitespace() || c.is_control())
        || matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}
