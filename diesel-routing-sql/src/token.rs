use std::borrow::Cow;

/// One token of a statement; blanks and comments are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A keyword or a name.
    Word(Word<'a>),
    /// A string in quotes or dollars.
    Text(Text<'a>),
    Number(&'a str),
    /// A placeholder (`$1`, `?`, `:a`) or a variable (`@a`, `@@b`).
    Variable(&'a str),
    /// Characters of operators in a row, such as `<=` or `||-`.
    Operator(&'a str),
    /// Any other character: parentheses, brackets, comma, point, semicolon, colon.
    Symbol(char),
}

/// A keyword or a name, as it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// Without its quotes.
    pub(crate) text: &'a str,
    pub(crate) quote: Quote,
    /// `Other` for all quoted names.
    pub(crate) keyword: Keyword,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    Bare,
    /// Quoted by this character, which is doubled inside.
    By(char),
    /// `U&".."`, whose escapes are not decoded here.
    Unicode,
}

/// A string literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    /// Without prefix and quotes.
    pub(crate) content: &'a str,
    /// In double quotes: a name where the server's settings say so.
    pub(crate) double_quoted: bool,
    /// `E'..'` or `U&'..'`.
    pub(crate) escapes: bool,
}

impl<'a> Word<'a> {
    pub(crate) fn bare(text: &'a str) -> Self {
        Self {
            text,
            quote: Quote::Bare,
            keyword: Keyword::of(text),
        }
    }

    pub(crate) fn is_bare(&self) -> bool {
        self.quote == Quote::Bare
    }

    /// Returns the name in lower case, quotes undone.
    pub(crate) fn lower(&self) -> Cow<'a, str> {
        let doubled = match self.quote {
            Quote::By(quote) => self.text.contains(quote).then_some(quote),
            Quote::Bare | Quote::Unicode => None,
        };
        if let Some(quote) = doubled {
            let pair: String = [quote, quote].iter().collect();
            return Cow::Owned(
                self.text
                    .replace(&pair, quote.encode_utf8(&mut [0; 4]))
                    .to_lowercase(),
            );
        }
        if self
            .text
            .bytes()
            .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
        {
            Cow::Borrowed(self.text)
        } else {
            Cow::Owned(self.text.to_lowercase())
        }
    }
}

macro_rules! keywords {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// The words that steer the scan.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Keyword {
            $($name,)*
            Other,
        }

        impl Keyword {
            /// Returns the keyword that a bare word is, whatever its case.
            pub(crate) fn of(word: &str) -> Self {
                const LONGEST: usize = 12;
                let bytes = word.as_bytes();
                let mut upper = [0_u8; LONGEST];
                let Some(upper) = upper.get_mut(..bytes.len()) else {
                    return Self::Other;
                };
                upper.copy_from_slice(bytes);
                upper.make_ascii_uppercase();
                match &*upper {
                    $($text => Self::$name,)*
                    _ => Self::Other,
                }
            }
        }
    };
}

keywords! {
    Analyze = b"ANALYZE",
    As = b"AS",
    By = b"BY",
    Call = b"CALL",
    Copy = b"COPY",
    Create = b"CREATE",
    Declare = b"DECLARE",
    Default = b"DEFAULT",
    Delete = b"DELETE",
    Desc = b"DESC",
    Describe = b"DESCRIBE",
    Explain = b"EXPLAIN",
    For = b"FOR",
    From = b"FROM",
    Insert = b"INSERT",
    Into = b"INTO",
    Join = b"JOIN",
    Lock = b"LOCK",
    Materialized = b"MATERIALIZED",
    Merge = b"MERGE",
    Next = b"NEXT",
    Not = b"NOT",
    On = b"ON",
    Only = b"ONLY",
    Operator = b"OPERATOR",
    Ordinality = b"ORDINALITY",
    Overlay = b"OVERLAY",
    Pragma = b"PRAGMA",
    Previous = b"PREVIOUS",
    Recursive = b"RECURSIVE",
    Refresh = b"REFRESH",
    Replace = b"REPLACE",
    Select = b"SELECT",
    Set = b"SET",
    Show = b"SHOW",
    Substr = b"SUBSTR",
    Substring = b"SUBSTRING",
    Table = b"TABLE",
    To = b"TO",
    Update = b"UPDATE",
    Using = b"USING",
    Value = b"VALUE",
    Values = b"VALUES",
    With = b"WITH",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_known_in_any_case() {
        assert_eq!(Keyword::of("mAtErIaLiZeD"), Keyword::Materialized);
        assert_eq!(Keyword::of("materialized_"), Keyword::Other);
        assert_eq!(Keyword::of(""), Keyword::Other);
    }

    #[test]
    fn names_lose_their_case_and_their_doubled_quotes() {
        let word = Word {
            text: "A``b",
            quote: Quote::By('`'),
            keyword: Keyword::Other,
        };
        assert_eq!(word.lower(), "a`b");
        assert_eq!(Word::bare("NextVal").lower(), "nextval");
    }
}
