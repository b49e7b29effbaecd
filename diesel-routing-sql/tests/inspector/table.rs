use diesel_routing_sql::{Dialect, Finding, Functions, inspect, inspect_rendered};

/// What a case expects, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    Read,
    /// Refused where it is written, since it does not parse; a read where Diesel rendered it.
    UnparsedRead,
    Empty,
    Several,
    Unparsable,
    Conditional,
    RowLock(&'static str),
    TableLock(&'static str),
    Write(&'static str),
    Effect(&'static str),
    NotARead(&'static str),
}

/// Runs every case through both doors and lists all that differ.
pub(crate) fn check(dialect: Dialect, cases: &[(&str, Is)]) {
    let functions = Functions::builtin(dialect);
    let mut wrong = Vec::new();
    for (sql, expected) in cases {
        let (written, rendered) = match expected {
            Is::UnparsedRead => (Is::Unparsable, Is::Read),
            other => (*other, *other),
        };
        let found = inspect(sql, dialect, &functions);
        if !matches(&found, written) {
            wrong.push(format!(
                "inspect: {sql}\n    expected {written:?}, found {found:?}"
            ));
        }
        let found = inspect_rendered(sql, dialect, &functions);
        if !matches(&found, rendered) {
            wrong.push(format!(
                "rendered: {sql}\n    expected {rendered:?}, found {found:?}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn matches(found: &Result<(), Finding>, expected: Is) -> bool {
    match (found, expected) {
        (Ok(()), Is::Read)
        | (Err(Finding::Empty), Is::Empty)
        | (Err(Finding::SeveralStatements), Is::Several)
        | (Err(Finding::Unparsable { .. }), Is::Unparsable)
        | (Err(Finding::ConditionalComment { .. }), Is::Conditional) => true,
        (Err(Finding::RowLock { clause }), Is::RowLock(text)) => clause == text,
        (Err(Finding::SideEffect { function, .. }), Is::Effect(text)) => function == text,
        (Err(Finding::TableLock { what }), Is::TableLock(text))
        | (Err(Finding::Write { what }), Is::Write(text))
        | (Err(Finding::NotARead { what }), Is::NotARead(text)) => what == text,
        _ => false,
    }
}
