//! Regular expressions for statements that belong on the primary, in the two dialects that proxies have.

use diesel_routing::Functions;

use super::names::any_of;
use super::options::Options;
use crate::failure::Failure;

/// A dialect of regular expressions.
#[derive(Clone, Copy)]
pub(super) enum Dialect {
    /// PCRE and RE2: no look-around, no repetition past 1000, and no repetition of what can be matched in two ways, so that no
    /// statement takes long.
    Pcre,
    /// POSIX extended, as in `regcomp`: no backslashes, since configurations have their own rules for these.
    Posix,
}

impl Dialect {
    /// Returns the opening of a group.
    pub(super) fn group(self) -> &'static str {
        match self {
            Self::Pcre => "(?:",
            Self::Posix => "(",
        }
    }

    /// Matches blanks and comments, of which there may be none.
    pub(super) fn blanks(self) -> &'static str {
        match self {
            Self::Pcre => {
                r"[\s\x0b]*(?:(?:/\*[^*]*\*+(?:[^/*][^*]*\*+)*/|--[^\n]*\n|#[^\n]*\n)[\s\x0b]*)*"
            }
            // More than blanks: all that is between two comments. It matches comments inside of comments, too.
            Self::Posix => "([[:space:]]|/[*].*[*]/|--.*[[:space:]])*",
        }
    }

    /// Matches a clause that locks rows, of every spelling of all servers: `NOWAIT`, `SKIP LOCKED` and `OF ..` come behind these words.
    /// Nothing is asked of what stands before: in `LIMIT 1FOR UPDATE` it is a number.
    pub(super) fn row_lock(self) -> String {
        let (group, blanks) = (self.group(), self.blanks());
        format!(
            "{group}for{blanks}{group}{group}no{blanks})?key{blanks})?{group}update|share)|lock{blanks}in{blanks}share{blanks}mode)"
        )
    }

    /// Matches one of these names as a whole word, quoted or not.
    pub(super) fn word_of<'a>(self, names: impl IntoIterator<Item = &'a str>) -> String {
        let (group, names) = (self.group(), any_of(names, self.group()));
        format!("{group}^|[^a-z0-9_$]){group}{names}){group}[^a-z0-9_$]|$)")
    }

    /// Matches one of these functions in the place of an attribute: `t.f` for `f(t)`.
    pub(super) fn attribute_of<'a>(self, names: impl IntoIterator<Item = &'a str>) -> String {
        let (group, names) = (self.group(), any_of(names, self.group()));
        format!("[.]{}{names}{group}[^a-z0-9_$]|$)", self.blanks())
    }

    /// Matches a call of one of these functions, quoted or not.
    pub(super) fn call_of<'a>(self, names: impl IntoIterator<Item = &'a str>) -> String {
        let names = any_of(names, self.group());
        let quote = match self {
            Self::Pcre => "`?",
            Self::Posix => "\"?",
        };
        format!("{names}{quote}{}[(]", self.blanks())
    }
}

/// Returns the functions that the options and the statement check know.
pub(super) fn functions(builtin: Functions, options: &Options) -> Functions {
    let functions = options
        .read_functions
        .iter()
        .fold(builtin, |functions, name| functions.with_pure(last(name)));
    options
        .write_functions
        .iter()
        .fold(functions, |functions, name| functions.with(last(name)))
}

/// Returns the names of the tables whose reads belong on the primary, in small letters, without their schemas.
pub(super) fn critical_tables(options: &Options) -> Result<Vec<String>, Failure> {
    let names = options.critical_tables.iter();
    let mut tables: Vec<String> = names.map(|name| last(name).to_lowercase()).collect();
    if tables.iter().any(String::is_empty) {
        return Err(Failure::Usage(
            "--critical-table: it is empty: give a table's name".to_owned(),
        ));
    }
    tables.sort();
    tables.dedup();
    Ok(tables)
}

/// Returns a name without its schema and without quotes.
fn last(name: &str) -> &str {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.trim_matches(['"', '`'])
}
