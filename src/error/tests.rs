use std::collections::BTreeSet;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_routing_sql::Finding;

use super::*;

/// The codes in the first column of the tables of `docs/errors.md`.
fn documented() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
    let docs = std::fs::read_to_string(path).expect("the docs");
    let (_, docs) = docs.split_once("## Codes").expect("the section");
    let rows = docs.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| Some(row.split_once('`')?.0.to_owned()))
        .collect()
}

fn codes() -> Vec<&'static str> {
    #[cfg(feature = "edge")]
    let edge = [EdgeError::CODES, StoreError::CODES];
    #[cfg(not(feature = "edge"))]
    let edge: [&[&str]; 0] = [];
    let ours = [
        Error::CODES,
        ConfigError::CODES,
        Finding::CODES,
        KeyError::CODES,
        MigrationError::CODES,
        PositionError::CODES,
        Refused::CODES,
        Rejection::CODES,
    ];
    ours.into_iter().chain(edge).flatten().copied().collect()
}

#[test]
fn every_code_is_in_the_docs_once_and_means_one_thing() {
    let (codes, documented) = (codes(), documented());
    let distinct: BTreeSet<_> = codes.iter().copied().collect();
    assert_eq!(distinct.len(), codes.len(), "two errors have one code");
    let listed: BTreeSet<_> = documented.iter().map(String::as_str).collect();
    assert_eq!(listed.len(), documented.len(), "a code is listed twice");
    let missing: Vec<_> = distinct.difference(&listed).collect();
    assert!(missing.is_empty(), "not in docs/errors.md: {missing:?}");
    // Discovery's are held against the docs by that crate.
    #[cfg(feature = "edge")]
    for code in listed.difference(&distinct) {
        assert!(code.starts_with("discovery_"), "no error has `{code}`");
    }
}

#[test]
fn an_error_inside_another_keeps_its_code() {
    let error = Error::from(ConfigError::NoPrimary);
    assert_eq!(error.code(), "config_no_primary");
    let error = Error::from(Rejection::Expired);
    assert_eq!(error.code(), "token_expired");
    let error = Error::from(Refused::Write);
    assert_eq!(error.code(), "refused_write");
    assert!(matches!(error.refused(), Some(Refused::Write)));
    let finding = Finding::Empty;
    let sql = String::new();
    let error = Error::from(Refused::Statement { sql, finding });
    assert_eq!(error.code(), "sql_empty");
    assert_eq!(Error::from(DieselError::NotFound).code(), "not_found");
    let error = Error::from(DieselError::RollbackTransaction);
    assert_eq!(error.code(), "statement_failed");
}

#[test]
fn every_error_of_ours_becomes_one_by_a_question_mark() {
    fn keys() -> Result<(), Error> {
        crate::TokenKeys::new(1, "short")?;
        Ok(())
    }
    fn position() -> Result<(), Error> {
        "no".parse::<crate::Lsn>()?;
        Ok(())
    }
    fn refused() -> Result<(), Error> {
        Err(Refused::Write)?
    }
    assert_eq!(keys().unwrap_err().code(), "key_short_secret");
    assert_eq!(position().unwrap_err().code(), "position_unparsable");
    assert_eq!(refused().unwrap_err().code(), "refused_write");
    #[cfg(feature = "edge")]
    {
        fn edge() -> Result<(), Error> {
            Err(EdgeError::NoTokenKeys)?
        }
        fn store() -> Result<(), Error> {
            Err(StoreError::Contended)?
        }
        assert_eq!(edge().unwrap_err().code(), "edge_no_token_keys");
        assert_eq!(store().unwrap_err().code(), "store_contended");
    }
}

#[test]
fn no_record_is_recognised_whichever_way_it_came() {
    #[derive(Debug, thiserror::Error)]
    enum Mine {
        #[error("the database")]
        Ours(#[from] Error),
        #[error("Diesel")]
        Diesels(#[from] DieselError),
        #[error("something else")]
        Else,
    }
    let ours = Error::from(DieselError::NotFound);
    assert!(ours.is_not_found() && is_not_found(&ours));
    assert!(is_not_found(&DieselError::NotFound));
    for mine in [Mine::from(ours), Mine::from(DieselError::NotFound)] {
        assert!(is_not_found(&mine), "{mine:?}");
        // Through a transaction of Diesel's errors, and out again.
        let carried = DieselError::QueryBuilderError(Box::new(mine));
        assert!(Error::from(carried).is_not_found());
    }
    assert!(!is_not_found(&Mine::Else));
    assert!(!is_not_found(&DieselError::RollbackTransaction));
    let found: Result<Option<i32>, _> =
        Err::<i32, _>(Error::from(DieselError::NotFound)).optional();
    assert!(matches!(found, Ok(None)));
    let failed = Err::<i32, _>(Error::from(Refused::Write)).optional();
    assert!(failed.is_err());
}

#[test]
fn the_words_have_the_cause_and_the_source_is_whole() {
    let words = "duplicate key value\nDETAIL: a second line".to_owned();
    let error = DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, Box::new(words));
    let error = Error::from(Origin::trace(error, || Origin {
        node: "db-1".to_owned(),
        reason: "write",
        function: Some("app::save"),
    }));
    assert_eq!(
        error.to_string(),
        "the statement failed on node `db-1` (write) for `app::save`: duplicate key value"
    );
    let source = std::error::Error::source(&error).expect("Diesel's");
    assert!(source.to_string().ends_with("a second line"));
    assert_eq!(
        (error.node(), error.reason(), error.function(), error.step()),
        (Some("db-1"), Some("write"), Some("app::save"), None)
    );

    let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let error = Error::checkout("db-2".to_owned(), Step::Connect, Instant::now(), refused)
        .of_function("app::find")
        .of_reason("caught_up");
    let words = error.to_string();
    assert!(
        words.contains("in step connect (connection refused): check the URL"),
        "{words}"
    );
    assert_eq!(
        (error.node(), error.reason(), error.function(), error.step()),
        (
            Some("db-2"),
            Some("caught_up"),
            Some("app::find"),
            Some(Step::Connect)
        )
    );
    assert_eq!(error_chain(&error), words, "the cause is there once");
}

/// Clippy warns users of errors of 128 bytes and more at each function that returns one.
#[test]
fn an_error_is_small_enough_for_users_results() {
    assert!(size_of::<Error>() < 128, "{}", size_of::<Error>());
}
