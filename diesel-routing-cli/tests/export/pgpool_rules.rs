//! Pgpool-II's patterns, tried as it tries them: POSIX extended, without regard to case, with quotes taken out.

use diesel_routing_sql::{Dialect, Finding};
use regex::{Regex, RegexBuilder};

use crate::corpus;
use crate::generated::{export, fixture, words};

struct Rules {
    patterns: Vec<Regex>,
    pure: Regex,
}

impl Rules {
    /// Reads the patterns from the file that users get.
    fn generated(more: &[&str]) -> Self {
        let (config, inventory) = (fixture("postgres.toml"), fixture("inventory.json"));
        let mut words = words("pgpool", &config, &inventory);
        words.extend(more);
        let text = export(&words);
        let value = |name: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{name} = '")));
            line.unwrap().strip_suffix('\'').unwrap().to_owned()
        };
        let regex = |pattern: &str| {
            // What is not the same in both dialects is not in them.
            assert!(
                !pattern.contains('\\') && !pattern.contains("(?"),
                "{pattern}"
            );
            let whole = format!("^(?:{pattern})$");
            RegexBuilder::new(&whole)
                .case_insensitive(true)
                .dot_matches_new_line(true)
                .size_limit(100_000_000)
                .build()
                .unwrap()
        };
        let list = value("primary_routing_query_pattern_list");
        Self {
            patterns: list.split(';').map(regex).collect(),
            pure: regex(&value("read_only_function_list")),
        }
    }

    /// Returns whether nothing but Pgpool-II's own parser would keep a statement from a standby. Its parser is left out of this:
    /// the patterns have to do.
    fn may_go_to_a_standby(&self, sql: &str) -> bool {
        let bare = sql.replace('"', "");
        is_select(sql) && !self.patterns.iter().any(|pattern| pattern.is_match(&bare))
    }
}

/// Returns whether Pgpool-II would balance statements of this kind at all, by their first word.
fn is_select(sql: &str) -> bool {
    let blanks = Regex::new(r"(?s)^(?:\s|\x0b|\(|--[^\n]*\n|/\*.*?\*/)*").unwrap();
    let rest = &sql[blanks.find(sql).map_or(0, |found| found.end())..];
    let word: String = rest
        .chars()
        .take_while(|char| char.is_alphanumeric() || *char == '_')
        .collect();
    [
        "select", "with", "values", "table", "explain", "show", "copy",
    ]
    .contains(&word.to_lowercase().as_str())
}

#[test]
fn no_statement_that_the_check_refuses_may_go_to_a_standby() {
    let rules = Rules::generated(&[]);
    let refused = corpus::refused(Dialect::Postgres);
    assert!(refused.len() > 3000, "{}", refused.len());
    let mut wrong = Vec::new();
    for (sql, finding) in &refused {
        if rules.may_go_to_a_standby(sql) && !is_left_to_its_parser(sql, finding) {
            wrong.push(format!("{sql:?} ({finding})"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        refused.len(),
        wrong.join("\n")
    );
}

/// Returns whether Pgpool-II's parser, which is PostgreSQL's, has to find it: what does not parse it sends to the primary, as it does
/// several statements at once; and it decodes names in `U&".."`.
fn is_left_to_its_parser(sql: &str, finding: &Finding) -> bool {
    matches!(finding, Finding::SeveralStatements)
        || corpus::is_no_statement(Dialect::Postgres, sql, finding)
        || sql.to_lowercase().contains("u&\"")
}

#[test]
fn functions_that_are_known_to_change_nothing_are_listed_and_no_others() {
    let rules = Rules::generated(&["--read-function", "shop.total", "--write-function", "abs"]);
    for name in [
        "lower",
        "count",
        "pg_catalog.btrim",
        "total",
        "generate_series",
    ] {
        assert!(rules.pure.is_match(name), "{name}");
    }
    for name in [
        "nextval",
        "setval",
        "pg_advisory_lock",
        "abs",
        "my_own",
        "shop.lower",
        "lowerx",
        "",
    ] {
        assert!(!rules.pure.is_match(name), "{name}");
    }
}

#[test]
fn plain_reads_are_balanced_and_those_of_critical_tables_are_not() {
    let rules = Rules::generated(&["--critical-table", "payments"]);
    for sql in [
        "SELECT id, name FROM users WHERE id = $1",
        "SELECT count(*) FROM a JOIN b USING (id) WHERE updated_at > now()",
        "SELECT substring(name FROM 1 FOR 3) FROM t",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "SELECT * FROM payments_old",
    ] {
        assert!(rules.may_go_to_a_standby(sql), "{sql}");
    }
    for sql in [
        "SELECT * FROM payments",
        "select * from \"shop\".\"Payments\" p",
        "SELECT 1 FROM x, PAYMENTS",
    ] {
        assert!(!rules.may_go_to_a_standby(sql), "{sql}");
    }
}
