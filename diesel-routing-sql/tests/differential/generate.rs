use diesel_routing_sql::Dialect;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::templates::{
    COMMON, COMMON_PIECES, MYSQL, MYSQL_PIECES, POSTGRES, POSTGRES_PIECES, PREFIXES, SQLITE,
    SQLITE_PIECES,
};

/// Makes statements at random.
pub(crate) struct Generator {
    rng: SmallRng,
    templates: Vec<Vec<&'static str>>,
    pieces: Vec<&'static str>,
}

impl Generator {
    pub(crate) fn new(dialect: Dialect, seed: u64) -> Self {
        let (templates, pieces) = match dialect {
            Dialect::Mysql => (MYSQL, MYSQL_PIECES),
            Dialect::Sqlite => (SQLITE, SQLITE_PIECES),
            _ => (POSTGRES, POSTGRES_PIECES),
        };
        let templates = templates.iter().chain(COMMON);
        Self {
            rng: SmallRng::seed_from_u64(seed),
            templates: templates.map(|template| cut(template)).collect(),
            pieces: pieces.iter().chain(COMMON_PIECES).copied().collect(),
        }
    }

    /// Returns a statement and the number of its pieces.
    pub(crate) fn statement(&mut self) -> (String, usize) {
        let mut parts = self.template();
        for _ in 0..self.rng.random_range(0..5) {
            self.mutate(&mut parts);
        }
        let mut sql = String::new();
        // Most texts have ordinary blanks.
        let odd = self.rng.random_range(0..6) == 0;
        for part in &parts {
            let recased = self.rng.random_range(0..12) == 0;
            if recased {
                sql.push_str(&part.to_lowercase());
            } else {
                sql.push_str(part);
            }
            if odd && !part.trim().is_empty() {
                sql.push_str(self.blank());
            }
        }
        if self.rng.random_range(0..25) == 0 {
            self.break_a_character(&mut sql);
        }
        (sql, parts.len())
    }

    fn template(&mut self) -> Vec<&'static str> {
        let at = self.rng.random_range(0..self.templates.len());
        self.templates[at].clone()
    }

    fn mutate(&mut self, parts: &mut Vec<&'static str>) {
        let at = self.rng.random_range(0..=parts.len());
        let piece = self.pieces[self.rng.random_range(0..self.pieces.len())];
        match self.rng.random_range(0..10) {
            0 | 1 => parts.insert(at, piece),
            2 => {
                parts.insert(at, " ");
                parts.insert(at, piece);
                parts.insert(at, " ");
            }
            3 if at < parts.len() => parts[at] = piece,
            4 if at < parts.len() => {
                parts.remove(at);
            }
            5 if at < parts.len() => {
                let other = self.rng.random_range(0..parts.len());
                parts.swap(at, other);
            }
            6 => {
                let other = self.template();
                let from = self.rng.random_range(0..other.len());
                parts.splice(at.., other[from..].iter().copied());
            }
            7 => {
                let other = self.template();
                let inside = other.iter().copied();
                let wrapped: Vec<_> = ["("].into_iter().chain(inside).chain([")"]).collect();
                parts.splice(at..at, wrapped);
            }
            8 => {
                let prefix = PREFIXES[self.rng.random_range(0..PREFIXES.len())];
                parts.splice(0..0, cut(prefix));
            }
            _ => {
                // Glue what a blank kept apart.
                if let Some(blank) = (at..parts.len()).find(|&index| parts[index].trim().is_empty())
                {
                    parts.remove(blank);
                }
            }
        }
    }

    fn blank(&mut self) -> &'static str {
        const BLANKS: [&str; 12] = [
            "", "", "", " ", " ", "\n", "\t", "/**/", "/* ' */", "-- x\n", "\r", "\x0c",
        ];
        BLANKS[self.rng.random_range(0..BLANKS.len())]
    }

    fn break_a_character(&mut self, sql: &mut String) {
        const ODD: [char; 14] = [
            '\'', '"', '`', '\\', '\u{a0}', '\u{b}', '\u{1}', '$', '.', '(', ')', ';', '\u{e9}',
            '\n',
        ];
        let places: Vec<usize> = sql.char_indices().map(|(at, _)| at).collect();
        if places.is_empty() {
            return;
        }
        let at = places[self.rng.random_range(0..places.len())];
        let odd = ODD[self.rng.random_range(0..ODD.len())];
        if self.rng.random_bool(0.5) {
            sql.insert(at, odd);
        } else {
            sql.remove(at);
        }
    }
}

/// Words, numbers, blanks and single characters.
fn cut(template: &'static str) -> Vec<&'static str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (part, tail) = rest.split_at(end);
        parts.push(part);
        rest = tail;
    }
    parts
}
