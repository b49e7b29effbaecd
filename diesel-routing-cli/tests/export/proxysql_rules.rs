//! ProxySQL's rules, tried as ProxySQL tries them: with PCRE's semantics on bytes, on the text and on its digest.

use diesel_routing_sql::Dialect;
use regex::bytes::{Regex, RegexBuilder};

use crate::corpus;
use crate::generated::{export, fixture, words};

const READER: u32 = 20;

struct Rules(Vec<Rule>);

struct Rule {
    is_of_digest: bool,
    pattern: Regex,
    to: u32,
}

impl Rules {
    /// Reads the rules from the file that users get.
    fn generated(more: &[&str]) -> Self {
        let (config, inventory) = (fixture("mysql.toml"), fixture("inventory.json"));
        let mut words = words("proxysql", &config, &inventory);
        words.extend(more);
        let sql = export(&words);
        let row = regex::Regex::new(
            r"(?m)^INSERT INTO mysql_query_rules \(rule_id, active, match_(digest|pattern), .*\)\n  VALUES \(\d+, 1, '((?:[^']|'')*)', 'CASELESS', (\d+), 1, ",
        );
        let row = row.unwrap();
        let rules = row.captures_iter(&sql).map(|row| Rule {
            is_of_digest: &row[1] == "digest",
            pattern: RegexBuilder::new(&row[2].replace("''", "'"))
                .unicode(false)
                .case_insensitive(true)
                .build()
                .unwrap(),
            to: row[3].parse().unwrap(),
        });
        let rules = Self(rules.collect());
        assert_eq!(
            rules.0.len(),
            sql.matches("INSERT INTO mysql_query_rules").count()
        );
        rules
    }

    /// Returns whether a statement with this digest goes to a replica: the first rule counts, and without one, the primary.
    fn sends_to_replica(&self, sql: &str, digest: &[u8]) -> bool {
        let first = self.0.iter().find(|rule| {
            let text = if rule.is_of_digest {
                digest
            } else {
                sql.as_bytes()
            };
            rule.pattern.is_match(text)
        });
        first.is_some_and(|rule| rule.to == READER)
    }
}

/// Returns what ProxySQL makes of a statement, without comments and literals, more or less: `/*!` it keeps, and cuts the rest at
/// 2048 bytes.
fn digest(sql: &str) -> Vec<u8> {
    let mut digest = Vec::new();
    let mut rest = sql.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let length = if rest.starts_with(b"/*") {
            find(&rest[2..], b"*/").map_or(rest.len(), |end| end + 4)
        } else if first == b'#'
            || (rest.starts_with(b"--") && rest.get(2).is_some_and(u8::is_ascii_whitespace))
        {
            find(rest, b"\n").unwrap_or(rest.len())
        } else if first == b'\'' || first == b'"' {
            digest.push(b'?');
            rest = &behind[string(behind, first)..];
            continue;
        } else if first.is_ascii_digit()
            && digest
                .last()
                .is_none_or(|last| !last.is_ascii_alphanumeric() && *last != b'_')
        {
            digest.push(b'?');
            rest = &rest[rest
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric())
                .count()..];
            continue;
        } else {
            digest.push(if first.is_ascii_whitespace() {
                b' '
            } else {
                first
            });
            rest = behind;
            continue;
        };
        if digest.last().is_some_and(|last| *last != b' ') {
            digest.push(b' ');
        }
        rest = &rest[length..];
    }
    digest.truncate(2048);
    digest
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// Returns the length of a literal behind its first quote, with its last one.
fn string(text: &[u8], quote: u8) -> usize {
    let mut index = 0;
    while let Some(byte) = text.get(index) {
        match byte {
            b'\\' => index += 2,
            byte if *byte == quote => return index + 1,
            _ => index += 1,
        }
    }
    text.len()
}

#[test]
fn no_rule_sends_to_a_replica_what_the_statement_check_refuses() {
    let rules = Rules::generated(&[]);
    let refused = corpus::refused(Dialect::Mysql);
    assert!(refused.len() > 3000, "{}", refused.len());
    let mut wrong = Vec::new();
    for (sql, finding) in &refused {
        // As it is, and as ProxySQL would see it: comments and quotes may be told apart in another way than we think.
        for digest in [digest(sql), sql.as_bytes().to_vec()] {
            if rules.sends_to_replica(sql, &digest)
                && !corpus::is_no_statement(Dialect::Mysql, sql, finding)
            {
                wrong.push(format!(
                    "{sql:?} ({finding}), as {:?}",
                    String::from_utf8_lossy(&digest)
                ));
            }
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

#[test]
fn most_reads_go_to_a_replica() {
    let rules = Rules::generated(&[]);
    let reads = corpus::reads(Dialect::Mysql);
    let reads: Vec<_> = reads
        .iter()
        .filter(|sql| sql.trim_start().to_lowercase().starts_with("select"))
        .collect();
    let sent = reads
        .iter()
        .filter(|sql| rules.sends_to_replica(sql, &digest(sql)))
        .count();
    assert!(sent * 10 > reads.len() * 6, "{sent} of {}", reads.len());
    for sql in [
        "SELECT `id`, name FROM users WHERE id = 7 AND name IN ('a', 'b') LIMIT 5",
        "SELECT COUNT(*), MAX(a + (b * 2)) FROM t JOIN u USING (id) WHERE (a = 1 OR b = 2) GROUP BY c",
        "/* trace */ SELECT coalesce(sum(amount), 0) FROM orders WHERE at > DATE_SUB(NOW(), INTERVAL 1 DAY)",
        "SELECT 'for update' = ?, EXISTS (SELECT 1 FROM t)",
    ] {
        let is_in_text = sql.contains("for update");
        assert_ne!(
            rules.sends_to_replica(sql, &digest(sql)),
            is_in_text,
            "{sql}"
        );
    }
}

#[test]
fn critical_tables_and_functions_of_ones_own_stay_on_the_primary() {
    let rules = Rules::generated(&[
        "--critical-table",
        "shop.Payments",
        "--critical-table",
        "a$b",
        "--read-function",
        "total",
    ]);
    let sent = |sql: &str| rules.sends_to_replica(sql, &digest(sql));
    for sql in [
        "SELECT * FROM payments",
        "SELECT * FROM `shop`.`Payments` p",
        "SELECT 1 FROM a JOIN PAYMENTS ON 1 = 1",
        "SELECT * FROM a$b",
        "SELECT discount(1)",
        "SELECT 1 + db . abs(1)",
        "SELECT db.total(1)",
        "SELECT `total`(1)",
        "SELECT éabs(1)",
        "SELECT réf (1)",
        "TABLE t",
        "START TRANSACTION",
        "SET autocommit = 0",
    ] {
        assert!(!sent(sql), "{sql}");
    }
    for sql in [
        "SELECT * FROM payments_old",
        "SELECT total(1)",
        "SELECT a FROM ab",
    ] {
        assert!(sent(sql), "{sql}");
    }
}

#[test]
fn what_is_behind_the_end_of_a_digest_counts_as_a_write() {
    let rules = Rules::generated(&[]);
    let names: Vec<_> = (0..400).map(|number| format!("column_{number}")).collect();
    let sql = format!("SELECT {} FROM t INTO OUTFILE '/tmp/x'", names.join(", "));
    assert!(!rules.sends_to_replica(&sql, &digest(&sql)));
    let short = format!("SELECT {} FROM t", names[..50].join(", "));
    assert!(rules.sends_to_replica(&short, &digest(&short)));
}
