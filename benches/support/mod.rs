//! What the benches have in common: the cases, and the databases they run on.

mod asynchronous;
mod blocking;
mod databases;
mod work;

use std::error::Error;
use std::fmt;

/// The result of everything in a bench.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Runs a case's step this many times.
pub(crate) type Steps = Box<dyn FnMut(u64) -> Outcome>;

/// One thing that is measured: `work`, through a connection of `api`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) api: Api,
    pub(crate) work: Work,
    pub(crate) through: Through,
}

/// The flavour of Diesel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    /// Diesel, pooled by r2d2.
    Sync,
    /// diesel-async, pooled by bb8.
    Async,
}

/// The work of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// One row by its key.
    Find,
    /// One row by its key, with a LIMIT.
    First,
    /// A hundred rows.
    Load,
    /// One row, by a query without a static id.
    Boxed,
    /// Adds one row.
    Insert,
    /// Takes a connection from its pool, and gives it back.
    Checkout,
}

/// The connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Through {
    /// Diesel's own, from a pool with Diesel's own manager in its default settings.
    Raw,
    /// The same from a pool that does not try a connection before it lends it.
    RawWithoutPing,
    /// `ReadConn<Replica>`.
    Replica,
    /// `ReadConn<CaughtUp>`.
    CaughtUp,
    /// `ReadConn<Primary>`.
    Primary,
    /// `WriteConn`.
    Write,
    /// `ReadConn<Replica>`, in a function that takes one.
    Plain,
    /// `ReadConn<Replica>`, in a function with `#[consistency(eventual)]`.
    Annotated,
}

impl Case {
    /// Returns every case, each raw one before those to compare with it.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        use Through::{Annotated, CaughtUp, Plain, Primary, Raw, RawWithoutPing, Replica, Write};
        use Work::{Boxed, Checkout, Find, First, Insert, Load};
        let works = [Find, First, Load, Boxed, Insert, Checkout];
        let works = move |api| works.into_iter().map(move |work| (api, work));
        let pairs = [Api::Sync, Api::Async].into_iter().flat_map(works);
        pairs.flat_map(|(api, work)| {
            let through: &[Through] = match work {
                Insert => &[Raw, Write],
                Find => &[Raw, Replica, CaughtUp, Primary, Write, Plain, Annotated],
                Checkout => &[Raw, RawWithoutPing, Replica, CaughtUp, Primary, Write],
                _ => &[Raw, Replica, CaughtUp, Primary, Write],
            };
            through
                .iter()
                .map(move |&through| Self { api, work, through })
        })
    }

    /// Returns the case that this one is compared with.
    pub(crate) fn raw(self) -> Self {
        Self {
            through: Through::Raw,
            ..self
        }
    }

    /// Returns the case's step, ready to run on databases of its own.
    pub(crate) fn steps(self) -> Outcome<Steps> {
        match self.api {
            Api::Sync => blocking::steps(self.work, self.through),
            Api::Async => asynchronous::steps(self.work, self.through),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let api = match self.api {
            Api::Sync => "sync",
            Api::Async => "async",
        };
        let work = match self.work {
            Work::Find => "find",
            Work::First => "first",
            Work::Load => "load",
            Work::Boxed => "boxed",
            Work::Insert => "insert",
            Work::Checkout => "checkout",
        };
        let through = match self.through {
            Through::Raw => "raw",
            Through::RawWithoutPing => "raw without a ping",
            Through::Replica => "ReadConn<Replica>",
            Through::CaughtUp => "ReadConn<CaughtUp>",
            Through::Primary => "ReadConn<Primary>",
            Through::Write => "WriteConn",
            Through::Plain => "plain function",
            Through::Annotated => "annotated function",
        };
        f.pad(&format!("{api}/{work}/{through}"))
    }
}
