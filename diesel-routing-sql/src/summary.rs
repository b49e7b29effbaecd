use crate::token::{Token, Word};

/// The longest summary, in bytes, as OpenTelemetry has it.
const LONGEST: usize = 255;

/// The kinds of what is created, altered and dropped.
const KINDS: [&str; 14] = [
    "TABLE",
    "INDEX",
    "VIEW",
    "SEQUENCE",
    "SCHEMA",
    "DATABASE",
    "FUNCTION",
    "PROCEDURE",
    "TYPE",
    "TRIGGER",
    "EXTENSION",
    "ROLE",
    "USER",
    "POLICY",
];

/// The verbs of some statements and the tables that they name.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) text: String,
    /// The verb of the first statement.
    pub(crate) operation: Option<String>,
    /// The table, if there is one and no other.
    pub(crate) table: Option<String>,
}

impl Summary {
    pub(crate) fn of(tokens: &[Token<'_>]) -> Self {
        let mut walk = Walk {
            tokens,
            found: Self::default(),
            is_full: false,
            has_verb_outside: false,
            tables: 0,
            levels: vec![false],
        };
        walk.run();
        if walk.tables != 1 {
            walk.found.table = None;
        }
        walk.found
    }
}

struct Walk<'t, 'a> {
    tokens: &'t [Token<'a>],
    found: Summary,
    is_full: bool,
    /// Set once the verb of the first statement was found, outside all parentheses.
    has_verb_outside: bool,
    /// The number of tables, each by its name.
    tables: usize,
    /// For each open parenthesis, whether what is in it reads from tables.
    levels: Vec<bool>,
}

impl<'a> Walk<'_, 'a> {
    fn run(&mut self) {
        let mut begins = true;
        for at in 0..self.tokens.len() {
            match self.tokens.get(at) {
                Some(Token::Symbol('(')) => self.levels.push(false),
                Some(Token::Symbol(')')) if self.levels.len() > 1 => {
                    self.levels.pop();
                }
                Some(Token::Symbol(';')) => {
                    self.levels = vec![false];
                    begins = true;
                    continue;
                }
                Some(Token::Word(word))
                    if word.is_bare() && !self.is_symbol(at.checked_sub(1), '.') =>
                {
                    self.word(at, word, begins);
                    begins = false;
                }
                Some(_) => begins = false,
                None => {}
            }
        }
    }

    /// Looks at a bare word; `begins` says whether a statement begins with it.
    fn word(&mut self, at: usize, word: &Word<'a>, begins: bool) {
        let upper = word.text.to_ascii_uppercase();
        let before = at.checked_sub(1);
        // In parentheses, or behind those of a CTE.
        let may_begin = begins || self.is_symbol(before, '(') || self.is_symbol(before, ')');
        let is_call = self.is_symbol(Some(at + 1), '(');
        match &*upper {
            "SELECT" => self.verb("SELECT"),
            "INSERT" | "REPLACE" | "MERGE" if may_begin && !is_call => self.verb(&upper),
            "DELETE" if may_begin => self.verb("DELETE"),
            "UPDATE" if may_begin => {
                self.verb("UPDATE");
                self.tables(self.past(at + 1, &["ONLY", "LOW_PRIORITY", "IGNORE"]));
            }
            "INTO" if self.reads() => {
                if let Some((name, _)) = self.name(at + 1, true) {
                    self.table(name);
                }
            }
            "FROM" | "JOIN" | "USING" if self.reads() && !self.compares(at) => {
                self.tables(self.past(at + 1, &["ONLY", "LATERAL"]));
            }
            "CREATE" | "ALTER" | "DROP" | "TRUNCATE" if begins => self.definition(at, &upper),
            "CALL" | "COPY" | "TABLE" if begins => {
                self.verb(&upper);
                self.leave();
                if let Some((name, _)) = self.name(at + 1, true) {
                    self.table(name);
                }
            }
            "WITH" => {}
            _ if begins => {
                self.verb(&upper);
                self.leave();
            }
            _ => {}
        }
    }

    /// Records a verb: from here on, tables are named.
    fn verb(&mut self, verb: &str) {
        if !self.has_verb_outside {
            self.has_verb_outside = self.levels.len() == 1;
            if self.has_verb_outside || self.found.operation.is_none() {
                self.found.operation = Some(verb.to_owned());
            }
        }
        if let Some(level) = self.levels.last_mut() {
            *level = true;
        }
        self.add(verb);
    }

    /// Records that no tables are named here.
    fn leave(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            *level = false;
        }
    }

    fn reads(&self) -> bool {
        self.levels.last() == Some(&true)
    }

    /// Returns whether the `FROM` here belongs to `IS DISTINCT FROM`.
    fn compares(&self, at: usize) -> bool {
        let is = |back: usize, word: &str| {
            at.checked_sub(back)
                .is_some_and(|at| self.is_word(at, word))
        };
        is(1, "DISTINCT") && (is(2, "IS") || is(2, "NOT"))
    }

    /// Records what is created, altered, dropped or emptied.
    fn definition(&mut self, at: usize, verb: &str) {
        let kind = (at + 1..at + 5).find(|&at| KINDS.iter().any(|kind| self.is_word(at, kind)));
        let (verb, next) = match kind.and_then(|at| Some((self.bare(at)?, at))) {
            Some((kind, at)) => (format!("{verb} {}", kind.to_ascii_uppercase()), at + 1),
            None => (verb.to_owned(), at + 1),
        };
        self.verb(&verb);
        self.leave();
        if let Some((name, _)) = self.name(
            self.past(next, &["CONCURRENTLY", "IF", "NOT", "EXISTS", "ONLY"]),
            true,
        ) {
            self.table(name);
        }
    }

    /// Records the tables of a list.
    fn tables(&mut self, mut at: usize) {
        while let Some((name, next)) = self.name(at, false) {
            self.table(name);
            // An alias.
            at = self.past(next, &["AS"]);
            if !self.is_symbol(Some(at), ',') && matches!(self.tokens.get(at), Some(Token::Word(_)))
            {
                at += 1;
            }
            if !self.is_symbol(Some(at), ',') {
                return;
            }
            at = self.past(at + 1, &["ONLY", "LATERAL"]);
        }
    }

    fn table(&mut self, name: String) {
        self.add(&name);
        if self.found.table.as_ref() != Some(&name) {
            self.tables += 1;
            self.found.table = Some(name);
        }
    }

    fn add(&mut self, word: &str) {
        let text = &mut self.found.text;
        self.is_full |= text.len() + 1 + word.len() > LONGEST;
        if self.is_full {
            return;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }

    /// Returns the name at `at`, without quotes, and where it ends; `None` if there is none, or if it is a function's and may not be
    /// called.
    fn name(&self, at: usize, may_have_list: bool) -> Option<(String, usize)> {
        let mut name = String::new();
        let mut at = at;
        loop {
            let Some(Token::Word(word)) = self.tokens.get(at) else {
                return None;
            };
            name.push_str(word.text);
            at += 1;
            if !self.is_symbol(Some(at), '.') {
                break;
            }
            name.push('.');
            at += 1;
        }
        if !may_have_list && self.is_symbol(Some(at), '(') {
            return None;
        }
        Some((name, at))
    }

    /// Returns the index of what stands behind any of these words.
    fn past(&self, mut at: usize, words: &[&str]) -> usize {
        while words.iter().any(|word| self.is_word(at, word)) {
            at += 1;
        }
        at
    }

    fn bare(&self, at: usize) -> Option<&'a str> {
        match self.tokens.get(at)? {
            Token::Word(word) if word.is_bare() => Some(word.text),
            _ => None,
        }
    }

    fn is_word(&self, at: usize, expected: &str) -> bool {
        self.bare(at)
            .is_some_and(|word| word.eq_ignore_ascii_case(expected))
    }

    fn is_symbol(&self, at: Option<usize>, symbol: char) -> bool {
        at.and_then(|at| self.tokens.get(at)) == Some(&Token::Symbol(symbol))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Dialect, Outline};

    #[test]
    fn a_summary_has_the_verbs_and_the_tables() {
        for (sql, summary, operation, table) in [
            ("SELECT 1", "SELECT", "SELECT", None),
            (
                r#"SELECT "users"."id" FROM "users" WHERE ("users"."id" = $1) LIMIT $2"#,
                "SELECT users",
                "SELECT",
                Some("users"),
            ),
            (
                "select * from shop.orders o, items as i, lines where a",
                "SELECT shop.orders items lines",
                "SELECT",
                None,
            ),
            (
                "SELECT a FROM t WHERE b IN (SELECT c FROM u FOR UPDATE)",
                "SELECT t SELECT u",
                "SELECT",
                None,
            ),
            (
                "SELECT a FROM t JOIN t ON true FOR NO KEY UPDATE",
                "SELECT t t",
                "SELECT",
                Some("t"),
            ),
            (
                "SELECT extract(year FROM a), b IS NOT DISTINCT FROM c FROM t",
                "SELECT t",
                "SELECT",
                Some("t"),
            ),
            (
                "SELECT a FROM generate_series(1, 2)",
                "SELECT",
                "SELECT",
                None,
            ),
            (
                "INSERT INTO orders (a, b) SELECT a, b FROM carts",
                "INSERT orders SELECT carts",
                "INSERT",
                None,
            ),
            (
                "INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = $1",
                "INSERT t",
                "INSERT",
                Some("t"),
            ),
            (
                "UPDATE ONLY t SET a = replace(b, 'x', 'y') WHERE update",
                "UPDATE t",
                "UPDATE",
                Some("t"),
            ),
            (
                "DELETE FROM t USING u WHERE t.a = u.a",
                "DELETE t u",
                "DELETE",
                None,
            ),
            (
                "WITH w AS (SELECT a FROM t) UPDATE u SET a = 1",
                "SELECT t UPDATE u",
                "UPDATE",
                None,
            ),
            (
                "(SELECT a FROM t) UNION (SELECT a FROM u)",
                "SELECT t SELECT u",
                "SELECT",
                None,
            ),
            (
                "CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a)",
                "CREATE INDEX i",
                "CREATE INDEX",
                Some("i"),
            ),
            (
                "DROP TABLE t; SET x = 1",
                "DROP TABLE t SET",
                "DROP TABLE",
                Some("t"),
            ),
            ("TRUNCATE t", "TRUNCATE t", "TRUNCATE", Some("t")),
            (
                "BEGIN ISOLATION LEVEL REPEATABLE READ",
                "BEGIN",
                "BEGIN",
                None,
            ),
            ("COPY t (a) FROM STDIN", "COPY t", "COPY", Some("t")),
        ] {
            let outline = Outline::of(sql, Dialect::Postgres);
            let found = (
                &*outline.summary,
                outline.operation.as_deref(),
                outline.table.as_deref(),
            );
            assert_eq!(found, (summary, Some(operation), table), "{sql}");
        }
    }

    #[test]
    fn a_summary_is_short() {
        let sql = format!("SELECT a FROM {}z", "table_of_a_long_name, ".repeat(100));
        let outline = Outline::of(&sql, Dialect::Sqlite);
        assert!(outline.summary.len() <= 255, "{}", outline.summary);
    }
}
