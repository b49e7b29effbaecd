//! The program, run as users run it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Returns the path of a file of ours.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/export/fixtures")
        .join(name)
}

/// Runs `diesel-routing export` with these words.
pub(crate) fn run(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_diesel-routing"))
        .arg("export")
        .args(words)
        .env_remove("DIESEL_ROUTING_CONFIG")
        .output()
        .unwrap()
}

/// Returns the text that the program prints with these words; panics if it fails.
pub(crate) fn export(words: &[&str]) -> String {
    let output = run(words);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the words for a proxy, with a configuration of ours and the inventory.
pub(crate) fn words<'a>(proxy: &'a str, config: &'a Path, inventory: &'a Path) -> Vec<&'a str> {
    vec![
        proxy,
        "--config",
        config.to_str().unwrap(),
        "--inventory",
        inventory.to_str().unwrap(),
    ]
}
