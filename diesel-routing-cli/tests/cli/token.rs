use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use diesel_routing::{Lsn, PgPosition, Position, Token, TokenKeys};

use crate::program::{Run, program, run, run_on};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn at(lsn: u64) -> Position {
    Position::Postgres(PgPosition::new(7_312_345_678_901_234_567, 3, Lsn(lsn)))
}

/// A session's that wrote at noon, and read further on; it lives long after these tests.
fn token() -> Token {
    let noon = UNIX_EPOCH + Duration::from_secs(1_767_268_800);
    let far = UNIX_EPOCH + Duration::from_secs(32_503_680_000);
    Token::new(far)
        .wrote(at(0x302_D480), noon)
        .saw(at(0x302_E000))
}

fn signed(id: u8, token: &Token) -> String {
    TokenKeys::new(id, SECRET).unwrap().sign(token).to_string()
}

/// Words on the present change.
fn without_distance(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once(" (in ") {
        Some((before, _)) => format!("{before} (in ..)"),
        None => match line.split_once("Z (") {
            Some((before, _)) => format!("{before}Z (..)"),
            None => line.to_owned(),
        },
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn without_a_key_it_says_what_is_there_and_that_nothing_is_proved() {
    let run = run(["token", &signed(7, &token())]);
    assert_eq!(run.code, Some(0), "{run:?}");
    insta::assert_snapshot!(without_distance(&run.out));
}

#[test]
fn programs_get_the_same() {
    let run = run(["token", "--json", &signed(7, &token())]);
    insta::assert_snapshot!(run.out);
}

#[test]
fn a_narrow_terminal_gets_short_lines() {
    let output = program()
        .args(["token", &signed(7, &token())])
        .env("COLUMNS", "40")
        .output();
    let run = Run::of(output.unwrap());
    assert!(
        run.out.lines().all(|line| line.chars().count() <= 40),
        "{}",
        run.out
    );
}

#[test]
fn a_key_proves_who_signed_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, secret: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, secret).unwrap();
        path.display().to_string()
    };
    let ours = file("ours", &[SECRET, b"\n"].concat());
    let theirs = file("theirs", &[9; 32]);
    let text = signed(7, &token());
    let verify = |key: &str| run(["token", "--json", &text, "--key-file", key]);
    for key in [ours.clone(), format!("7={ours}")] {
        let run = verify(&key);
        assert_eq!(
            (run.code, &run.json()["verified"]),
            (Some(0), &true.into()),
            "{run:?}"
        );
    }
    for (key, rejection) in [
        (theirs, "bad_signature"),
        (format!("8={ours}"), "unknown_key"),
    ] {
        let run = verify(&key);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert_eq!(run.json()["verified"], false);
        assert_eq!(run.json()["rejected"], rejection);
    }
    // The environment's.
    let output = program()
        .args(["token", "--json", &text])
        .env(
            "DIESEL_ROUTING_TOKEN_SECRET",
            std::str::from_utf8(SECRET).unwrap(),
        )
        .output();
    assert_eq!(Run::of(output.unwrap()).json()["verified"], true);
}

#[test]
fn an_expired_token_is_rejected_though_its_signature_is_right() {
    let past = SystemTime::now() - Duration::from_secs(60);
    let text = signed(7, &Token::new(past));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    fs::write(&path, SECRET).unwrap();
    let run = run(["token", &text, "--key-file", path.to_str().unwrap()]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.out
            .contains("verified, but the session token has expired"),
        "{}",
        run.out
    );
}

#[test]
fn cookies_and_the_standard_input_are_read() {
    let text = signed(7, &token());
    let header = format!("Cookie: theme=dark; dr_session={text}\r\n");
    let run = run_on(&header, &["token", "--json", "-"]);
    assert_eq!(run.json()["cookie"], "dr_session", "{run:?}");
    assert_eq!(run.json()["key_id"], 7);
}

#[test]
fn what_is_no_token_and_a_key_that_is_none_are_told_apart() {
    let none = run(["token", "nonsense"]);
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(none.out.contains("malformed"), "{}", none.out);
    let text = signed(7, &token());
    let missing = run(["token", &text, "-k", "/no/such/key"]);
    assert_eq!(missing.code, Some(2));
    assert!(missing.err.contains("/no/such/key"), "{}", missing.err);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("short");
    fs::write(&path, "short").unwrap();
    let short = run(["token", &text, "-k", path.to_str().unwrap()]);
    assert_eq!(short.code, Some(2));
    assert!(short.err.contains("has 5 bytes"), "{}", short.err);
}
