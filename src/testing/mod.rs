//! Tests on one connection, in one transaction that is rolled back; and schemas that tests have for themselves.

mod ended;
pub(crate) mod files;
pub(crate) mod own;
mod place;
mod slot;
mod turn;

pub(crate) use ended::end_with_thread;
pub(crate) use place::Place;
pub(crate) use slot::{Claim, Slot, Taken};
pub(crate) use turn::{NEXT_STATEMENT, READ_AGAIN, READ_ONLY, Undo, may_lock, opening, turn};
