//! Statements of the statement check's own tests, and which of them it refuses.

use std::collections::BTreeSet;

use diesel_routing_sql::{Dialect, Finding, Functions, inspect, inspect_rendered};
use regex::Regex;

/// The sources whose literals are statements, or pieces of them.
const SOURCES: [&str; 14] = [
    include_str!("../../../diesel-routing-sql/tests/inspector/calls.rs"),
    include_str!("../../../diesel-routing-sql/tests/inspector/deep.rs"),
    include_str!("../../../diesel-routing-sql/tests/inspector/explain.rs"),
    include_str!("../../../diesel-routing-sql/tests/inspector/fragments.rs"),
    include_str!("../../../diesel-routing-sql/tests/inspector/functions.rs"),
    include_str!("../../../diesel-routing-sql/tests/inspector/grammar.rs"),
    include_str!("../../../diesel-routing-sql/tests/inspector/lexers.rs"),
    include_str!("../../../diesel-routing-sql/tests/inspector/mysql.rs"),
    include_str!("../../../diesel-routing-sql/tests/inspector/names.rs"),
    include_str!("../../../diesel-routing-sql/tests/inspector/postgres.rs"),
    include_str!("../../../diesel-routing-sql/tests/inspector/sqlite.rs"),
    include_str!("../../../diesel-routing-sql/tests/differential/templates.rs"),
    include_str!("../../../diesel-routing-sql/tests/differential/mariadb_harmless.rs"),
    include_str!("../../../diesel-routing-sql/tests/differential/postgres_harmless.rs"),
];

/// Ways to lock rows, of every spelling.
const LOCKS: [&str; 16] = [
    "FOR UPDATE",
    "for update",
    "fOR uPDATE",
    "FOR  UPDATE",
    "FOR\nUPDATE",
    "FOR\t\r\n UPDATE",
    "FOR\x0bUPDATE",
    "FOR/**/UPDATE",
    "FOR /* a * b ** / */ UPDATE",
    "FOR -- words\nUPDATE",
    "FOR --\n--\n\nUPDATE",
    "FOR UPDATE NOWAIT",
    "FOR UPDATE SKIP LOCKED",
    "FOR UPDATE OF t",
    "FOR SHARE",
    "FOR SHARE OF t SKIP LOCKED",
];
const LOCKS_OF_POSTGRES: [&str; 5] = [
    "FOR NO KEY UPDATE",
    "FOR NO/**/KEY\nUPDATE",
    "FOR KEY SHARE",
    "FOR /* a /* b */ c */ UPDATE",
    "FOR KEY/**/SHARE OF t NOWAIT",
];
const LOCKS_OF_MYSQL: [&str; 5] = [
    "LOCK IN SHARE MODE",
    "lock/**/in\nshare -- words\nmode",
    "FOR # words\nUPDATE",
    "LOCK #\n#\nIN SHARE MODE",
    "FOR UPDATE WAIT 3",
];

/// The place where a lock may stand.
const AROUND: [(&str, &str); 9] = [
    ("SELECT * FROM t ", ""),
    ("/* tracer */ SELECT * FROM t ", ""),
    ("(SELECT * FROM t ", ")"),
    ("SELECT * FROM (SELECT * FROM t ", ") x"),
    (
        "SELECT a FROM u WHERE a IN (SELECT a FROM t WHERE b = 'x'",
        ") ORDER BY a",
    ),
    ("SELECT (SELECT a FROM t LIMIT 1 ", ")"),
    ("WITH x AS (SELECT * FROM t ", ") SELECT * FROM x"),
    ("SELECT count(*), 'it''s' FROM t WHERE b = 'for' ", ";"),
    ("SELECT 1 UNION (SELECT a FROM t ", ")"),
];

/// Returns the statements that the check refuses in a dialect, each with its finding.
pub(crate) fn refused(dialect: Dialect) -> Vec<(String, Finding)> {
    let functions = Functions::builtin(dialect);
    let refused = |sql: &String| {
        let rendered = inspect_rendered(sql, dialect, &functions);
        rendered
            .and_then(|()| inspect(sql, dialect, &functions))
            .err()
    };
    let all = statements(dialect).into_iter();
    let all = all.filter_map(|sql| refused(&sql).map(|finding| (sql, finding)));
    all.filter(|(_, finding)| !matches!(finding, Finding::Empty))
        .collect()
}

/// Returns the statements that the check takes for reads.
pub(crate) fn reads(dialect: Dialect) -> Vec<String> {
    let functions = Functions::builtin(dialect);
    let mut all: Vec<_> = statements(dialect).into_iter().collect();
    all.retain(|sql| inspect(sql, dialect, &functions).is_ok());
    all
}

/// Returns whether the server takes a text for no statement: the check refuses it for a word that can only begin one, and that stands
/// behind `SELECT`, `WITH` or `EXPLAIN`, or for one that another server has. Writes that may stand there are not among them.
pub(crate) fn is_no_statement(dialect: Dialect, sql: &str, finding: &Finding) -> bool {
    let what = match finding {
        Finding::Unparsable { .. } => return true,
        Finding::SideEffect { function, .. } => {
            return dialect == Dialect::Postgres && function.contains("VALUE FOR");
        }
        Finding::Write { what } | Finding::NotARead { what } | Finding::TableLock { what } => what,
        _ => return false,
    };
    let first = sql.trim_start_matches(|char: char| char == '(' || char.is_whitespace());
    let begins = |word: &str| {
        let start = first.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let is_one_of = |words: &[&str]| what.split(' ').any(|word| words.contains(&word));
    // PostgreSQL takes writes inside a SELECT behind WITH alone. With sqlparser, the check has a name for them elsewhere, too.
    if dialect == Dialect::Postgres
        && begins("select")
        && is_one_of(&["INSERT", "UPDATE", "DELETE", "MERGE"])
        && !sql.to_lowercase().contains("with")
    {
        return true;
    }
    let of_select = [
        "INSERT", "UPDATE", "DELETE", "MERGE", "SELECT", "COPY", "INTO",
    ];
    let of_explain = ["CREATE", "DECLARE", "EXECUTE", "REFRESH"];
    let may_stand_there = is_one_of(&of_select)
        || (begins("explain") && is_one_of(&of_explain))
        || (dialect == Dialect::Mysql && is_one_of(&["REPLACE"]));
    (begins("select") || begins("with") || begins("explain")) && !may_stand_there
}

fn statements(dialect: Dialect) -> BTreeSet<String> {
    let literals: BTreeSet<String> = SOURCES.iter().flat_map(|source| literals(source)).collect();
    let locks: &[&str] = match dialect {
        Dialect::Postgres => &LOCKS_OF_POSTGRES,
        _ => &LOCKS_OF_MYSQL,
    };
    let mut all = literals.clone();
    for lock in LOCKS.iter().chain(locks) {
        all.extend(
            AROUND
                .iter()
                .map(|(before, behind)| format!("{before}{lock}{behind}")),
        );
    }
    let functions = Functions::builtin(dialect);
    for (name, _) in functions.iter() {
        let upper = name.to_uppercase();
        all.extend([
            format!("SELECT {name}(1)"),
            format!("SELECT a, {upper} (1) FROM t"),
            format!("SELECT * FROM t WHERE a = (SELECT {name}/**/(1))"),
        ]);
    }
    // Two pieces, in the places of names and conditions.
    for piece in &literals {
        if piece.len() < 60 {
            all.insert(format!("SELECT a FROM t WHERE a = 1 {piece}"));
            all.insert(format!("EXPLAIN ANALYZE {piece}"));
            all.insert(format!("WITH x AS (SELECT 1) {piece}"));
            all.insert(format!("SELECT * FROM ({piece}) x"));
        }
    }
    all
}

/// Returns the values of a source's literals. Those with escapes that are not of one letter are left out.
fn literals(source: &str) -> Vec<String> {
    let literal = Regex::new(r#"(?s)"((?:[^"\\]|\\.)*)""#).unwrap();
    let texts = literal.captures_iter(source).filter_map(|found| {
        let mut text = String::new();
        let mut chars = found[1].chars().peekable();
        while let Some(char) = chars.next() {
            match char {
                '\\' => match chars.next()? {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    escaped @ ('"' | '\\' | '\'') => text.push(escaped),
                    '\n' => while chars.next_if(|char| char.is_whitespace()).is_some() {},
                    _ => return None,
                },
                char => text.push(char),
            }
        }
        Some(text)
    });
    texts.collect()
}
