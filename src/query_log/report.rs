//! The lines of the log, and the spans.

use std::time::Duration;

use tracing::{Level, Span, field};

use super::entry::{Entry, Outcome, What};
use super::failure::Failure;
use super::logging::{LOG, SPAN};
use crate::observe::attributes;

/// The facts that are told of a statement.
struct Told<'a> {
    summary: &'a str,
    text: Option<&'a str>,
    operation: Option<&'a str>,
    table: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(what: &'a What) -> Self {
        match what {
            What::Sql(text) => {
                let outline = text.outline();
                Self {
                    summary: &outline.summary,
                    text: Some(&outline.text),
                    operation: outline.operation.as_deref(),
                    table: outline.table.as_deref(),
                }
            }
            What::Named(name) => Self {
                summary: name,
                text: None,
                operation: Some(name),
                table: None,
            },
        }
    }
}

/// Returns the role of a node in words.
fn role(is_primary: bool) -> &'static str {
    if is_primary { "primary" } else { "replica" }
}

/// Returns the span of a statement that is about to be sent.
pub(super) fn span(entry: &Entry) -> Span {
    let (served, server) = (&entry.served, &*entry.server);
    let told = Told::of(&entry.what);
    let address = server.address.as_ref();
    tracing::info_span!(
        target: SPAN,
        "statement",
        { attributes::OTEL_NAME } = told.summary,
        { attributes::OTEL_KIND } = "client",
        { attributes::OTEL_STATUS_CODE } = field::Empty,
        { attributes::DB_SYSTEM_NAME } = server.system,
        { attributes::DB_NAMESPACE } = server.database.as_deref(),
        { attributes::SERVER_ADDRESS } = address.map(|(host, _)| &**host),
        { attributes::SERVER_PORT } = address.map(|(_, port)| *port),
        { attributes::DB_QUERY_SUMMARY } = told.summary,
        { attributes::DB_QUERY_TEXT } = told.text,
        { attributes::DB_OPERATION_NAME } = told.operation,
        { attributes::DB_COLLECTION_NAME } = told.table,
        { attributes::NODE } = &*served.member.name,
        { attributes::ROLE } = role(served.is_primary),
        { attributes::REASON } = served.reason.as_str(),
        { attributes::LEVEL } = served.level.as_str(),
        { attributes::CODE_FUNCTION_NAME } = served.function,
        { attributes::OUTCOME } = field::Empty,
        { attributes::ROWS } = field::Empty,
        { attributes::ERROR_TYPE } = field::Empty,
        { attributes::DB_RESPONSE_STATUS_CODE } = field::Empty,
        { attributes::ERROR } = field::Empty,
    )
}

/// Records the end of a statement in its span.
pub(super) fn record(span: &Span, outcome: Outcome, rows: Option<u64>, failure: Option<&Failure>) {
    if span.is_disabled() {
        return;
    }
    span.record(attributes::OUTCOME, outcome.as_str());
    if let Some(rows) = rows {
        span.record(attributes::ROWS, rows);
    }
    if let Some(failure) = failure {
        span.record(attributes::OTEL_STATUS_CODE, "ERROR");
        span.record(
            attributes::ERROR_TYPE,
            failure.status.unwrap_or(failure.class),
        );
        span.record(attributes::ERROR, &*failure.words);
        if let Some(status) = failure.status {
            span.record(attributes::DB_RESPONSE_STATUS_CODE, status);
        }
    }
}

/// Writes the line of a statement, if it is one of those that are logged.
pub(super) fn log(entry: &Entry, outcome: Outcome, time: Duration, failure: Option<&Failure>) {
    let Some(log) = &entry.log else { return };
    let is_slow = outcome != Outcome::Refused && log.is_slow(time);
    if !is_slow && outcome == Outcome::Ok && !entry.wish.is_sampled {
        return;
    }
    let words = match outcome {
        _ if is_slow => "a slow statement",
        Outcome::Ok => "a statement",
        Outcome::Failed => "a statement failed",
        Outcome::Refused => "a statement was refused",
        Outcome::Cancelled => "a statement was abandoned half-way",
    };
    macro_rules! line {
        ($level:ident) => {{
            if !tracing::event_enabled!(target: LOG, Level::$level) {
                return;
            }
            let served = &entry.served;
            let told = Told::of(&entry.what);
            tracing::event!(
                target: LOG,
                Level::$level,
                { attributes::NODE } = &*served.member.name,
                { attributes::ROLE } = role(served.is_primary),
                { attributes::REASON } = served.reason.as_str(),
                { attributes::LEVEL } = served.level.as_str(),
                { attributes::CODE_FUNCTION_NAME } = served.function,
                { attributes::OUTCOME } = outcome.as_str(),
                { attributes::ELAPSED } = time.as_secs_f64(),
                { attributes::ROWS } = entry.rows,
                { attributes::ERROR_TYPE } = failure.map(|failure| failure.status.unwrap_or(failure.class)),
                { attributes::ERROR } = failure.map(|failure| &*failure.words),
                { attributes::DB_QUERY_SUMMARY } = told.summary,
                { attributes::DB_QUERY_TEXT } = told.text,
                { attributes::VALUES } = entry.values.as_deref(),
                "{words}"
            );
        }};
    }
    if is_slow {
        line!(WARN);
    } else if outcome != Outcome::Ok {
        line!(INFO);
    } else {
        line!(DEBUG);
    }
}
