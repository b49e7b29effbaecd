use std::env;

use diesel_routing_sql::{
    Dialect, Finding, Functions, inspect, inspect_calls, inspect_fragment, inspect_rendered,
};

use crate::generate::Generator;

/// A seed that is the same in every run.
const FIXED: u64 = 0x5eed;

/// A server that runs what the check passed.
pub(crate) trait Server {
    /// Runs a statement, and tells what it did that no read does. `Ok(false)` if the server refused it.
    fn run(&mut self, sql: &str) -> Result<bool, String>;
}

/// Feeds a server with what the check passes, from a fixed seed and from a fresh one.
pub(crate) fn compare(dialect: Dialect, statements: usize, server: &mut impl Server) {
    let statements = number("DIESEL_ROUTING_FUZZ_STATEMENTS").unwrap_or(statements);
    let seeds = match number("DIESEL_ROUTING_FUZZ_SEED") {
        Some(seed) => vec![seed as u64],
        None => vec![FIXED, rand::random()],
    };
    for seed in seeds {
        let counts = compare_from(dialect, seed, statements, server);
        eprintln!("{dialect:?}, seed {seed}: {counts:?}");
        // Else it compares nothing.
        assert!(
            counts.ran * 20 > counts.made
                && counts.refused * 20 > counts.made
                && counts.calls * 100 > counts.made,
            "{counts:?}"
        );
    }
}

#[derive(Debug, Default)]
struct Counts {
    made: usize,
    tokens: usize,
    /// By the check.
    refused: usize,
    /// For calls of functions that are not known.
    calls: usize,
    /// By the server.
    failed: usize,
    ran: usize,
}

fn compare_from(
    dialect: Dialect,
    seed: u64,
    statements: usize,
    server: &mut impl Server,
) -> Counts {
    let functions = Functions::builtin(dialect);
    let mut generator = Generator::new(dialect, seed);
    let mut counts = Counts::default();
    for _ in 0..statements {
        let (sql, tokens) = generator.statement();
        counts.made += 1;
        counts.tokens += tokens;
        let written = inspect(&sql, dialect, &functions);
        let rendered = inspect_rendered(&sql, dialect, &functions);
        assert!(
            written.is_err() || rendered.is_ok(),
            "seed {seed}: refused where rendered: {sql}"
        );
        if written.is_err() && rendered.is_err() {
            counts.refused += 1;
            continue;
        }
        // What calls anything else may write.
        if inspect_calls(&sql, dialect, &functions).is_err() {
            counts.calls += 1;
            continue;
        }
        match server.run(&sql) {
            Ok(true) => {
                // What the tokens leave in doubt is refused, right or wrong.
                let is_certain = inspect_fragment(&sql, dialect, &functions).is_ok();
                let is_wrong = matches!(written, Err(Finding::Unparsable { .. }));
                assert!(
                    !is_certain || !is_wrong,
                    "{dialect:?}, seed {seed}: {written:?}, and the server takes it:\n{sql}\n{sql:?}"
                );
                counts.ran += 1;
            }
            Ok(false) => counts.failed += 1,
            Err(did) => panic!(
                "{dialect:?}, seed {seed}, statement {}: the check passes, and the server {did}:\n{sql}\n{sql:?}",
                counts.made
            ),
        }
    }
    counts
}

fn number(variable: &str) -> Option<usize> {
    env::var(variable).ok()?.parse().ok()
}
