//! Counts in a file, and how they compare with others.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, ensure};

/// The most that a path may take more, in percent.
const LIMIT: f64 = 2.0;

/// The same for paths through a driver with tasks of its own: how often they are polled differs from one run to the next, by up to 2.3 %
/// (measured).
const ASYNC_LIMIT: f64 = 5.0;

/// The same where another compiler or library made the code: theirs, not ours, is most of what differs.
const WIDE_LIMIT: f64 = 10.0;

const TITLE: &str = "# The instructions of a step of each hot path, without SQLite's own, the least of some runs.\n\
                     # `cargo xtask watch` compares with them, `cargo xtask watch --renew` writes them.";

/// Instructions by the name of a path.
pub(super) type Counts = BTreeMap<String, u64>;

/// What counts hang on besides the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) target: String,
    pub(super) rustc: String,
    pub(super) libc: String,
    pub(super) valgrind: String,
    /// By which libc chooses among its routines.
    pub(super) processor: String,
}

/// Counts, and where they were taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Baselines {
    pub(super) environment: Environment,
    pub(super) counts: Counts,
}

/// The outcome of each path.
#[derive(Debug)]
pub(super) struct Comparison {
    /// The parts of the environment that differ, as they were and as they are.
    moved: Vec<(&'static str, String, String)>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    before: Option<u64>,
    now: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Alike,
    Less,
    More,
    New,
    Gone,
}

impl Environment {
    const KEYS: [&'static str; 5] = ["target", "rustc", "libc", "valgrind", "processor"];

    fn values(&self) -> [&String; 5] {
        [
            &self.target,
            &self.rustc,
            &self.libc,
            &self.valgrind,
            &self.processor,
        ]
    }
}

impl Baselines {
    /// Reads what [`Display`](fmt::Display) writes.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let value = |key: &str| {
            let prefix = format!("# {key}: ");
            let value = text.lines().find_map(|line| line.strip_prefix(&prefix));
            let value = value.with_context(|| format!("it has no line `{prefix}..`"))?;
            anyhow::Ok(value.to_owned())
        };
        let [target, rustc, libc, valgrind, processor] = Environment::KEYS.map(value);
        Ok(Self {
            environment: Environment {
                target: target?,
                rustc: rustc?,
                libc: libc?,
                valgrind: valgrind?,
                processor: processor?,
            },
            counts: counts(text.lines().filter(|line| !line.starts_with('#')))?,
        })
    }

    /// Compares newer counts with these.
    pub(super) fn compare(&self, now: &Self) -> Comparison {
        let names: std::collections::BTreeSet<_> =
            self.counts.keys().chain(now.counts.keys()).collect();
        let row = |name: &String| Row {
            before: self.counts.get(name).copied(),
            now: now.counts.get(name).copied(),
            name: name.clone(),
        };
        let values = std::iter::zip(self.environment.values(), now.environment.values());
        Comparison {
            moved: std::iter::zip(Environment::KEYS, values)
                .filter(|(_, (before, now))| before != now)
                .map(|(key, (before, now))| (key, before.clone(), now.clone()))
                .collect(),
            rows: names.into_iter().map(row).collect(),
        }
    }
}

impl fmt::Display for Baselines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}")?;
        for (key, value) in std::iter::zip(Environment::KEYS, self.environment.values()) {
            writeln!(f, "# {key}: {value}")?;
        }
        for (name, count) in &self.counts {
            writeln!(f, "{name} {count}")?;
        }
        Ok(())
    }
}

/// Reads lines of a name and a count.
pub(super) fn counts<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Counts> {
    let mut counts = Counts::new();
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let of = || format!("no line of a name and a count: `{line}`");
        let (name, count) = line.rsplit_once(' ').with_context(of)?;
        let count = count.parse().with_context(of)?;
        let earlier = counts.insert(name.to_owned(), count);
        ensure!(earlier.is_none(), "`{name}` is there twice");
    }
    ensure!(!counts.is_empty(), "nothing was counted");
    Ok(counts)
}

impl Comparison {
    /// Returns whether no path takes more than it may, and each is known.
    pub(super) fn is_within(&self) -> bool {
        let mut verdicts = self.rows.iter().map(|row| row.verdict(self.limit()));
        verdicts.all(|verdict| matches!(verdict, Verdict::Alike | Verdict::Less))
    }

    fn limit(&self) -> f64 {
        if self.moved.is_empty() {
            LIMIT
        } else {
            WIDE_LIMIT
        }
    }
}

impl Row {
    /// Returns the change in percent.
    fn change(&self) -> Option<f64> {
        let (before, now) = (self.before? as f64, self.now? as f64);
        Some(100.0 * (now - before) / before)
    }

    /// Returns what may be added, in percent, where others may add `limit`.
    fn limit(&self, limit: f64) -> f64 {
        if self.name.starts_with("async/") {
            limit.max(ASYNC_LIMIT)
        } else {
            limit
        }
    }

    fn verdict(&self, limit: f64) -> Verdict {
        let limit = self.limit(limit);
        match self.change() {
            None if self.before.is_none() => Verdict::New,
            None => Verdict::Gone,
            Some(change) if change > limit => Verdict::More,
            Some(change) if change < -limit => Verdict::Less,
            // NaN and infinity: nothing was counted before.
            Some(change) if !change.is_finite() => Verdict::More,
            Some(_) => Verdict::Alike,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit();
        for (key, before, now) in &self.moved {
            writeln!(f, "counted with another {key}: {before}; now {now}")?;
        }
        if !self.moved.is_empty() {
            writeln!(
                f,
                "so a path may take {limit} % more, not {LIMIT} %; for the narrow limit: cargo xtask watch --renew"
            )?;
        }
        writeln!(f, "{:<40} {:>8} {:>8}", "instructions", "before", "now")?;
        let number = |count: Option<u64>| count.map_or_else(String::new, |count| count.to_string());
        for row in &self.rows {
            let (name, before, now) = (&row.name, number(row.before), number(row.now));
            write!(f, "{name:<40} {before:>8} {now:>8}")?;
            if let Some(change) = row.change() {
                write!(f, " {change:>+7.2} %")?;
            }
            match row.verdict(limit) {
                Verdict::Alike => writeln!(f)?,
                Verdict::Less => writeln!(f, "  less: keep it with cargo xtask watch --renew")?,
                Verdict::More => {
                    let limit = row.limit(limit);
                    writeln!(f, "  FAILED: more than {limit} % more")?;
                }
                Verdict::New => writeln!(f, "  FAILED: not in the file")?,
                Verdict::Gone => writeln!(f, "  FAILED: no such path any more")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baselines(rustc: &str, counts: &[(&str, u64)]) -> Baselines {
        let text = ToString::to_string;
        Baselines {
            environment: Environment {
                target: text("x86_64"),
                rustc: text(rustc),
                libc: text("glibc 2.36"),
                valgrind: text("valgrind-3.19.0"),
                processor: text("family 6"),
            },
            counts: counts
                .iter()
                .map(|(name, count)| (text(name), *count))
                .collect(),
        }
    }

    /// Returns what a comparison says of a path that took 1,000.
    fn of_a_thousand(now: u64, rustc: &str) -> (bool, String) {
        let before = baselines("1.95", &[("find", 1000), ("other", 70)]);
        let comparison = before.compare(&baselines(rustc, &[("find", now), ("other", 70)]));
        (comparison.is_within(), comparison.to_string())
    }

    #[test]
    fn two_percent_more_is_within_and_a_bit_more_is_not() {
        assert!(of_a_thousand(1020, "1.95").0);
        let (is_within, text) = of_a_thousand(1021, "1.95");
        assert!(!is_within);
        let line = text.lines().find(|line| line.starts_with("find"));
        let words: Vec<_> = line.unwrap().split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "find 1000 1021 +2.10 % FAILED: more than 2 % more"
        );
        assert_eq!(text.matches("FAILED").count(), 1, "{text}");
    }

    #[test]
    fn less_is_within_and_asks_to_be_kept() {
        let (is_within, text) = of_a_thousand(979, "1.95");
        assert!(is_within);
        assert!(text.contains("-2.10 %  less: keep it with"), "{text}");
        assert!(!of_a_thousand(980, "1.95").1.contains("less"));
    }

    #[test]
    fn what_tasks_poll_may_differ_more() {
        let before = baselines("1.95", &[("async/find", 1000)]);
        assert!(
            before
                .compare(&baselines("1.95", &[("async/find", 1050)]))
                .is_within()
        );
        let more = before.compare(&baselines("1.95", &[("async/find", 1051)]));
        assert!(more.to_string().contains("more than 5 % more"), "{more}");
        assert!(!more.is_within());
    }

    #[test]
    fn another_compiler_is_named_and_widens_the_limit_without_lifting_it() {
        let (is_within, text) = of_a_thousand(1100, "1.96");
        assert!(is_within, "{text}");
        assert!(
            text.starts_with("counted with another rustc: 1.95; now 1.96\n"),
            "{text}"
        );
        assert!(!of_a_thousand(1101, "1.96").0);
    }

    #[test]
    fn a_path_that_is_new_or_gone_is_no_silent_success() {
        let (one, two) = ([("find", 5)], [("decide", 5), ("find", 5)]);
        for (before, now, says) in [
            (&one[..], &two[..], "not in the file"),
            (&two[..], &one[..], "no such path"),
        ] {
            let comparison = baselines("1.95", before).compare(&baselines("1.95", now));
            assert!(!comparison.is_within());
            assert!(comparison.to_string().contains(says), "{comparison}");
        }
        let from_nothing = baselines("1.95", &[("find", 0)]).compare(&baselines("1.95", &one));
        assert!(!from_nothing.is_within());
    }

    #[test]
    fn the_file_reads_as_it_was_written_sorted_by_name() {
        let written = baselines("1.95", &[("token/sign", 7), ("decide/session", 8)]);
        let text = written.to_string();
        assert!(text.ends_with("# processor: family 6\ndecide/session 8\ntoken/sign 7\n"));
        assert_eq!(Baselines::parse(&text).unwrap(), written);
    }

    #[test]
    fn a_file_that_lacks_something_is_refused_with_what_it_lacks() {
        let text = baselines("1.95", &[("find", 5)]).to_string();
        for (broken, says) in [
            (text.replace("# rustc: 1.95\n", ""), "# rustc: "),
            (text.replace("find 5", "find five"), "`find five`"),
            (text.replace("find 5", ""), "nothing was counted"),
            (format!("{text}find 6\n"), "twice"),
        ] {
            let error = format!("{:#}", Baselines::parse(&broken).unwrap_err());
            assert!(error.contains(says), "{error}");
        }
    }
}
