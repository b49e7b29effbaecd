//! The paths that are watched.

use std::fmt;
use std::hint::black_box;

use diesel_routing::__bench::Decider;
use diesel_routing::sqlite::ReadSql;

use crate::edge;
use crate::support::{Api, Case, Outcome, Steps, Through, Work};
use crate::token;

/// A path: by whom it is run, and as what.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path {
    /// Of the other benches: a statement on a handle, whose static text is known; a boxed one, which is checked each time;
    /// a loan from a pool.
    Case(Case),
    /// The decision where a read goes.
    Decide(&'static str, fn() -> Decider, fn(&mut Decider) -> usize),
    /// The check of a text.
    CheckText,
    Sign,
    Verify,
    /// The session layer around a service that does nothing.
    Edge,
}

const DECISIONS: [Path; 3] = [
    Path::Decide("eventual", || Decider::new(3), Decider::eventual),
    Path::Decide("session", || Decider::new(3), Decider::session),
    Path::Decide("session-gtids", || Decider::with_gtids(3), Decider::session),
];

impl Path {
    /// Returns all of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let others = [Self::CheckText, Self::Sign, Self::Verify, Self::Edge];
        let cases = Case::all().filter(|case| is_watched(*case)).map(Self::Case);
        cases.chain(DECISIONS).chain(others)
    }

    /// Returns whether a step waits for other threads.
    pub(crate) fn is_async(self) -> bool {
        matches!(self, Self::Case(case) if case.api == Api::Async)
    }

    /// Returns how often it has to run for a count that is the same another time.
    pub(crate) fn rounds(self) -> u32 {
        if self.is_async() { 5 } else { 2 }
    }

    /// Returns how many steps are counted.
    pub(crate) fn times(self) -> u64 {
        1000
    }

    /// Returns its step, ready to run.
    pub(crate) fn steps(self) -> Outcome<Steps> {
        Ok(match self {
            Self::Case(case) => case.steps()?,
            Self::Decide(_, decider, decide) => {
                let mut decider = decider();
                repeat(move || {
                    black_box(decide(black_box(&mut decider)));
                    Ok(())
                })
            }
            Self::CheckText => repeat(|| {
                let sql = "SELECT id, name FROM users WHERE id = ? AND name <> 'nobody' ORDER BY id LIMIT 10";
                drop(black_box(ReadSql::check(black_box(sql))?));
                Ok(())
            }),
            Self::Sign => token::sign()?,
            Self::Verify => token::verify()?,
            Self::Edge => edge::steps()?,
        })
    }
}

/// Returns steps that do the same each time.
pub(crate) fn repeat(mut step: impl FnMut() -> Outcome + 'static) -> Steps {
    Box::new(move |times| (0..times).try_for_each(|_| step()))
}

/// Returns whether a case is watched: the dearest read and write of each flavour, the loans, and what a pool takes alone
/// where it is the same each time.
fn is_watched(case: Case) -> bool {
    let through = case.through;
    let is_raw = case == case.raw() && case.api == Api::Sync;
    match case.work {
        Work::Find => is_raw || through == Through::CaughtUp,
        Work::Boxed => through == Through::CaughtUp,
        Work::Insert => through == Through::Write,
        Work::Checkout => {
            is_raw
                || matches!(
                    through,
                    Through::Replica | Through::CaughtUp | Through::Write
                )
        }
        Work::First | Work::Load => false,
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name is one word.
        match self {
            Self::Case(case) => f.pad(&case.to_string().replace(' ', "-")),
            Self::Decide(level, ..) => f.pad(&format!("decide/{level}")),
            Self::CheckText => f.pad("check/text"),
            Self::Sign => f.pad("token/sign"),
            Self::Verify => f.pad("token/verify"),
            Self::Edge => f.pad("edge/layer"),
        }
    }
}
