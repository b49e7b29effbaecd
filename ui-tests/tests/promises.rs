//! `docs/compile-errors.md` and the cases say the same: no message without its section, no section
//! without its case.

use std::fs;
use std::path::{Path, PathBuf};

/// A message of the docs, and the cases that its section links below it.
struct Promise {
    message: String,
    cases: Vec<PathBuf>,
}

#[test]
fn every_error_of_a_case_is_explained() {
    let promises = promises();
    for stderr in files(&root().join("ui-tests/tests/fail"), "stderr") {
        for error in errors(&stderr) {
            let explained = promises
                .iter()
                .any(|promise| matches(&promise.message, &error));
            assert!(
                explained,
                "{} has an error that the docs do not explain: {error}",
                stderr.display()
            );
        }
    }
}

#[test]
fn every_explained_error_is_in_a_linked_case() {
    for Promise { message, cases } in promises() {
        let kept = cases.iter().any(|case| {
            errors(&case.with_extension("stderr"))
                .iter()
                .any(|error| matches(&message, error))
        });
        assert!(
            kept,
            "none of the cases linked below it has the error: {message}"
        );
    }
}

#[test]
fn a_role_is_written_without_its_path() {
    for stderr in files(&root().join("ui-tests/tests/fail"), "stderr") {
        for error in errors(&stderr) {
            assert!(
                !error.contains("ReadConn<diesel_routing::"),
                "{} writes a role with its path, which the compiler does when another public item has its name: {error}",
                stderr.display()
            );
        }
    }
}

#[test]
fn every_case_begins_with_its_rule_and_was_run() {
    for case in files(&root().join("ui-tests/tests/fail"), "rs") {
        let first = fs::read_to_string(&case)
            .unwrap()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        assert!(
            first.starts_with("//! "),
            "{} does not begin with its rule",
            case.display()
        );
        assert!(
            case.with_extension("stderr").exists(),
            "{} was never run",
            case.display()
        );
    }
}

#[test]
fn every_passing_case_is_compiled() {
    let cases = root().join("ui-tests/tests/pass");
    let declared = fs::read_to_string(cases.join("mod.rs")).unwrap();
    for case in files(&cases, "rs") {
        let name = case.file_stem().unwrap().to_str().unwrap();
        let compiled = name == "mod" || declared.contains(&format!("\nmod {name};"));
        assert!(compiled, "{} is no module of the test", case.display());
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn promises() -> Vec<Promise> {
    let docs = root().join("docs");
    let text = fs::read_to_string(docs.join("compile-errors.md")).expect("the docs");
    let mut promises: Vec<Promise> = Vec::new();
    let mut parts = text.split("```");
    parts.next();
    while let (Some(messages), Some(prose)) = (parts.next(), parts.next()) {
        let cases: Vec<_> = links(prose).map(|link| docs.join(link)).collect();
        for case in &cases {
            assert!(
                case.exists(),
                "the docs link {}, which is not there",
                case.display()
            );
        }
        for message in messages
            .trim_start_matches("text")
            .lines()
            .filter(|line| !line.is_empty())
        {
            promises.push(Promise {
                message: message.to_owned(),
                cases: cases.clone(),
            });
        }
    }
    assert!(
        promises.len() > 20,
        "the docs hold {} messages",
        promises.len()
    );
    promises
}

/// The cases that a piece of Markdown links.
fn links(prose: &str) -> impl Iterator<Item = &str> {
    prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| link.ends_with(".rs"))
}

/// The first lines of a case's errors, without `error[E0277]: `.
fn errors(stderr: &Path) -> Vec<String> {
    let text = fs::read_to_string(stderr).expect("a .stderr file");
    let first_lines = text.lines().filter(|line| line.starts_with("error"));
    first_lines
        .filter_map(|line| Some(line.split_once(": ")?.1.to_owned()))
        .collect()
}

/// Whether the message is the docs' one, in which `..` stands for anything.
fn matches(pattern: &str, message: &str) -> bool {
    let Some((start, rest)) = pattern.split_once("..") else {
        return pattern == message;
    };
    let Some(tail) = message.strip_prefix(start) else {
        return false;
    };
    (0..=tail.len()).any(|from| tail.is_char_boundary(from) && matches(rest, &tail[from..]))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of cases") {
        let path = entry.expect("a folder of cases").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    assert!(!found.is_empty(), "no .{extension} in {}", folder.display());
    found
}
