//! What callgrind counts, without the database.

use std::collections::HashMap;
use std::process::Command;

use crate::path::Path;
use crate::support::Outcome;

/// The function whose instructions are counted, with all that it calls on its thread.
const COUNTED: &str = "watch::counted_steps*";

/// The code that is not counted.
#[derive(Debug, Clone, Copy)]
struct LeftOut {
    /// Parts of the names of shared libraries.
    objects: &'static [&'static str],
    /// How the paths of functions begin.
    functions: &'static [&'static str],
}

/// What is not ours, and hangs on its version and how it was compiled.
const DATABASE: LeftOut = LeftOut {
    objects: &["libsqlite3"],
    functions: &[],
};

/// The same, and what threads do to meet, which differs from run to run: they wait, wake and free what others allocated.
const DATABASE_AND_THREADS: LeftOut = LeftOut {
    objects: &["libsqlite3", "libc.so"],
    functions: &["tokio::", "parking_lot::", "std::"],
};

/// Returns the instructions that a step takes on its thread, without what is left out.
pub(crate) fn per_step(path: Path) -> Outcome<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/stdout"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg("--dump-line=no")
        .arg(std::env::current_exe()?)
        .args([&path.to_string(), "--steps", &path.times().to_string()])
        // glibc: what an allocation costs must not hang on what was allocated before.
        .env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=65535")
        .output()
        .map_err(|error| format!("valgrind could not be run, is it installed? {error}"))?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{path} failed under valgrind ({}):\n{log}", output.status).into());
    }
    let left_out = if path.is_async() {
        DATABASE_AND_THREADS
    } else {
        DATABASE
    };
    let sum = left_out.sum_of_others(&String::from_utf8_lossy(&output.stdout))?;
    if sum == 0 {
        return Err(format!("{path}: valgrind counted nothing in `{COUNTED}`").into());
    }
    Ok((sum + path.times() / 2) / path.times())
}

impl LeftOut {
    /// Sums what the other functions of a profile took themselves.
    fn sum_of_others(self, profile: &str) -> Outcome<u64> {
        // `fn=(7) name`, later `fn=(7)`, also of a function that is called: `cfn=(7) name`.
        let (mut objects, mut functions) = (HashMap::new(), HashMap::new());
        let (mut of_object, mut of_function) = (true, true);
        let (mut sum, mut is_call) = (0, false);
        for line in profile.lines() {
            if let Some((kind @ ("ob" | "cob"), object)) = line.split_once('=') {
                let counts = remembered(&mut objects, object, |name| {
                    !self.objects.iter().any(|part| name.contains(part))
                });
                if kind == "ob" {
                    of_object = counts;
                }
            } else if let Some((kind @ ("fn" | "cfn"), function)) = line.split_once('=') {
                let counts = remembered(&mut functions, function, |name| {
                    let path = name.trim_start_matches(['<', '&']);
                    !self.functions.iter().any(|start| path.starts_with(start))
                });
                if kind == "fn" {
                    of_function = counts;
                }
            } else if line.starts_with("calls=") {
                is_call = true;
            } else if line
                .starts_with(|start: char| start.is_ascii_digit() || "+-*".contains(start))
            {
                // The line after `calls=` has what the call took: its function has that in lines of its own.
                if of_object && of_function && !is_call {
                    let cost = line.split(' ').nth(1).unwrap_or("0");
                    sum += cost.parse::<u64>()?;
                }
                is_call = false;
            }
        }
        Ok(sum)
    }
}

/// Returns what `judge` says of a name, which is written only the first time, after its number.
fn remembered<'a>(
    known: &mut HashMap<&'a str, bool>,
    text: &'a str,
    judge: impl Fn(&str) -> bool,
) -> bool {
    match text.split_once(' ') {
        Some((number, name)) => *known.entry(number).or_insert(judge(name)),
        None => known.get(text).copied().unwrap_or(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
# callgrind format
version: 1
positions: line
events: Ir
summary: 1000

ob=(1) /bin/watch
fl=(1) ???
fn=(1) step
0 7
cob=(2) /lib/libsqlite3.so.0
cfn=(2) sqlite3_step
calls=1 0
0 500
0 5
cfn=(4) <tokio::runtime::Park as core::Drop>::drop
calls=1 0
0 100

ob=(2)
fn=(2)
0 500

ob=(1)
fn=(3) other
+3 30

fn=(4)
* 100

ob=(3) /lib/libc.so.6
fn=(5) malloc
-2 1000

totals: 1642
";

    #[test]
    fn calls_and_the_database_are_left_out() {
        assert_eq!(DATABASE.sum_of_others(PROFILE).unwrap(), 1142);
    }

    #[test]
    fn so_are_threads_and_the_c_library_where_they_vary() {
        assert_eq!(DATABASE_AND_THREADS.sum_of_others(PROFILE).unwrap(), 42);
    }
}
