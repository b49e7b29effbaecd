use crate::program::{program, run};

/// Renders as on a terminal of 80 columns, whatever this one is.
fn help(arguments: &[&str]) -> String {
    let output = program()
        .env("COLUMNS", "80")
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_has_all_commands_and_the_exit_codes() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn help_of_commands_has_their_options() {
    for command in ["status", "watch", "token", "completions"] {
        insta::assert_snapshot!(command, help(&[command, "--help"]));
    }
}

#[test]
fn the_version_is_the_packages() {
    let run = run(["--version"]);
    assert_eq!(
        run.out,
        format!("diesel-routing {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn completions_and_the_manual_page_are_written() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = run(["completions", shell]);
        assert_eq!(run.code, Some(0));
        assert!(run.out.contains("watch"), "{}", run.out);
    }
    let run = run(["man"]);
    assert!(run.out.contains(".TH diesel-routing 1"), "{}", run.out);
}

#[test]
fn no_command_and_an_unknown_one_are_mistakes() {
    assert_eq!(run::<&str>([]).code, Some(2));
    assert_eq!(run(["guess"]).code, Some(2));
}
