//! The span of a checkout, for whoever listens: where it went, why, and how long it took.

use std::time::Instant;

use tracing::level_filters::LevelFilter;
use tracing::span::EnteredSpan;
use tracing::{Level, Span, field};

use super::{Checkout, Loan, Next, Outcome, Request};
use crate::connect::{database_of, endpoints};
use crate::engine::{Grant, Shared};
use crate::error::Error;
use crate::observe::attributes;

/// The span of a checkout, if anybody listens; nothing is made of it otherwise.
#[derive(Debug)]
pub(super) struct Trace(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    span: Span,
    began: Instant,
    /// Set once it is recorded how the checkout ended.
    has_ended: bool,
}

impl Trace {
    /// Begins a span inside that of the caller, if anybody listens.
    #[inline]
    pub(super) fn begin() -> Self {
        let is_heard = Level::INFO <= LevelFilter::current();
        Self(is_heard.then(Self::open).flatten())
    }

    #[cold]
    fn open() -> Option<Box<Open>> {
        let span = tracing::info_span!(
            target: "diesel_routing::checkout",
            "checkout",
            { attributes::NODE } = field::Empty,
            { attributes::ROLE } = field::Empty,
            { attributes::POOL } = field::Empty,
            { attributes::REASON } = field::Empty,
            { attributes::LEVEL } = field::Empty,
            { attributes::CLASS } = field::Empty,
            { attributes::CODE_FUNCTION_NAME } = field::Empty,
            { attributes::DB_SYSTEM_NAME } = field::Empty,
            { attributes::DB_NAMESPACE } = field::Empty,
            { attributes::SERVER_ADDRESS } = field::Empty,
            { attributes::SERVER_PORT } = field::Empty,
            { attributes::WAITED } = field::Empty,
            { attributes::ATTEMPTS } = field::Empty,
            { attributes::ERROR } = field::Empty,
            { attributes::ERROR_TYPE } = field::Empty,
            { attributes::OTEL_STATUS_CODE } = field::Empty,
        );
        let open = Open {
            began: Instant::now(),
            has_ended: false,
            span,
        };
        (!open.span.is_disabled()).then(|| Box::new(open))
    }

    #[cold]
    fn enter(&self) -> Option<EnteredSpan> {
        Some(self.span()?.clone().entered())
    }

    fn span(&self) -> Option<&Span> {
        Some(&self.0.as_ref()?.span)
    }
}

impl<G: Loan> Checkout<'_, G> {
    /// Returns what to do [next](Self::next), and is inside the span meanwhile.
    #[inline]
    pub(crate) fn step(&mut self, outcome: Outcome<G>, now: Instant) -> Next<G> {
        let is_traced = self.trace.0.is_some();
        let _entered = is_traced.then(|| self.trace.enter());
        self.next(outcome, now)
    }

    /// Returns its span, if anybody listens.
    #[inline]
    pub(crate) fn span(&self) -> Option<&Span> {
        self.trace.span()
    }

    /// Records that this connection is lent.
    #[inline]
    pub(crate) fn lent(&mut self, guard: &G, grant: &Grant, now: Instant) {
        self.shared.lent_for(grant.reason, now);
        if let Some(open) = &mut self.trace.0 {
            open.take(self.shared, &self.request, self.takes);
            open.end_with(self.shared, guard, grant);
        }
    }

    /// Records that nothing is lent.
    pub(crate) fn refused(&mut self, error: &Error) {
        if let Some(open) = &mut self.trace.0 {
            open.take(self.shared, &self.request, self.takes);
            open.fail(error);
        }
    }
}

impl Open {
    /// Records what is known however the checkout ends.
    #[cold]
    fn take(&mut self, shared: &Shared, request: &Request<'_>, takes: u32) {
        self.has_ended = true;
        let span = &self.span;
        if let Some(level) = shared.required(request) {
            span.record(attributes::LEVEL, level.as_str());
        }
        let classes: Vec<_> = request.classes(shared.mode()).collect();
        if !classes.is_empty() {
            span.record(attributes::CLASS, classes.join(","));
        }
        if let Some(function) = request.function {
            span.record(attributes::CODE_FUNCTION_NAME, function);
        }
        span.record(attributes::WAITED, self.began.elapsed().as_secs_f64());
        span.record(attributes::ATTEMPTS, takes);
    }

    #[cold]
    fn end_with<G: Loan>(&self, shared: &Shared, guard: &G, grant: &Grant) {
        let span = &self.span;
        let role = if grant.is_primary {
            "primary"
        } else {
            "replica"
        };
        span.record(attributes::NODE, guard.node());
        span.record(attributes::ROLE, role);
        span.record(attributes::POOL, grant.reason.pool().as_str());
        span.record(attributes::REASON, grant.reason.as_str());
        let system = guard.known().facts.system_name(shared.dialect);
        span.record(attributes::DB_SYSTEM_NAME, system);
        let members = shared.members();
        let Some((_, member)) = members.find(guard.node()) else {
            return;
        };
        let named = guard.database().map(str::to_owned);
        if let Some(database) = named.or_else(|| database_of(&member.url)) {
            span.record(attributes::DB_NAMESPACE, database);
        }
        // Of several, nobody knows which one it is.
        if let [(host, port)] = endpoints(&member.url).as_slice() {
            span.record(attributes::SERVER_ADDRESS, host.as_str());
            span.record(attributes::SERVER_PORT, port);
        }
    }

    #[cold]
    fn fail(&self, error: &Error) {
        self.span.record(attributes::ERROR, field::display(error));
        self.span.record(attributes::OTEL_STATUS_CODE, "ERROR");
    }
}

/// Records that the caller gave the checkout up.
impl Drop for Open {
    fn drop(&mut self) {
        if !self.has_ended {
            let waited = self.began.elapsed().as_secs_f64();
            self.span.record(attributes::WAITED, waited);
            self.span.record(attributes::ERROR_TYPE, "cancelled");
        }
    }
}
