//! The command's options, without a server.

use crate::report::Doctor;

fn run(args: &[&str]) -> (i32, String, String) {
    let output = Doctor::default().with(args).run();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn codes_are_listed_and_explained_without_a_server() {
    let (code, list, _) = run(&["--list"]);
    assert_eq!(code, 0);
    for word in [
        "DR001",
        "node-unreachable",
        "DR402",
        "sqlite-schema-differs",
    ] {
        assert!(list.contains(word), "no {word:?} in {list}");
    }
    let (code, json, _) = run(&["--list", "--json"]);
    let rules: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(code, 0);
    assert!(rules.as_array().unwrap().len() >= 25);
    for word in ["DR003", "split-brain", "dr003"] {
        let (code, page, _) = run(&["--explain", word]);
        assert_eq!(code, 0);
        assert!(
            page.contains("two nodes take writes") || page.contains("Two nodes take writes"),
            "{page}"
        );
        assert!(
            page.contains("**Found**") && page.contains("**Do**"),
            "{page}"
        );
    }
}

#[test]
fn mistakes_on_the_command_line_are_exit_code_2() {
    for args in [
        &["--explain", "DR999"][..],
        &["--node", "a=/tmp/a.db", "--ignore", "DR999"],
        &["--node", "a=/tmp/a.db", "--only", "no-such-finding"],
        &["--node", "a=/tmp/a.db", "--instances", "0"],
        &["--node", "a=/tmp/a.db", "--fail-on", "often"],
        &[],
    ] {
        let (code, _, stderr) = run(args);
        assert_eq!(code, 2, "{args:?}: {stderr}");
        assert!(stderr.contains("error"), "{args:?}: {stderr}");
    }
}

#[test]
fn findings_are_chosen_and_decide_the_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    std::fs::write(&path, "").unwrap();
    // Alone (DR004), and not in WAL mode (DR401): two warnings.
    let doctor = |args: &[&str]| {
        Doctor::of([("a:primary", path.to_str().unwrap())])
            .with(args)
            .report()
    };
    let both = ["DR004", "DR401"];
    for (args, code, codes) in [
        (&[][..], 1, &both[..]),
        (&["--fail-on", "error"], 0, &both),
        (&["--fail-on", "never"], 0, &both),
        (&["--min-severity", "error"], 0, &[]),
        (&["--ignore", "DR004"], 1, &["DR401"]),
        (&["--ignore", "no-replica,sqlite-not-wal"], 0, &[]),
        (&["--only", "DR004"], 1, &["DR004"]),
        (&["--only", "DR003"], 0, &[]),
    ] {
        let report = doctor(args);
        assert_eq!(
            (report.code, report.codes()),
            (code, codes.to_vec()),
            "{args:?}"
        );
    }
}

#[test]
fn every_finding_is_produced_on_a_server() {
    // Of one server version, there are no two here: the rule has a unit test.
    const PURE: [&str; 1] = ["DR009"];
    let (_, json, _) = run(&["--list", "--json"]);
    let rules: serde_json::Value = serde_json::from_str(&json).unwrap();
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctor");
    let files = std::fs::read_dir(here)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = files.filter(|path| !path.ends_with("command.rs"));
    let tests: String = files
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    for rule in rules.as_array().unwrap() {
        let code = rule["code"].as_str().unwrap();
        let is_tested =
            tests.contains(&format!("says(\"{code}\"")) || tests.contains(&format!("[\"{code}\""));
        assert!(is_tested != PURE.contains(&code), "{code}");
    }
}

#[test]
fn a_report_fits_a_narrow_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    std::fs::write(&path, "").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_diesel-routing"))
        .env("COLUMNS", "40")
        .args(["doctor", "--node"])
        .arg(format!("a:primary={}", path.display()))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("DR401"), "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 40, "{line:?} in {text}");
    }
}
