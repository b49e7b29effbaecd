//! The levels as types, in the letters of the attribute: so compile errors print them.

#![expect(
    non_camel_case_types,
    reason = "compile errors print them as the attribute has them"
)]

use crate::statement::{CaughtUp, Primary, Replica};

/// `#[consistency(eventual)]`: may this read be stale? Yes, by however much.
#[derive(Debug)]
#[non_exhaustive]
pub enum eventual {}

/// `#[consistency(bounded = "250ms")]`: may this read be stale? By so much, and no more.
#[derive(Debug)]
#[non_exhaustive]
pub enum bounded {}

/// `#[consistency(session)]`: may this read be stale? Not of the session's own writes, nor of what it has
/// seen.
#[derive(Debug)]
#[non_exhaustive]
pub enum session {}

/// `#[consistency(strong)]`: may this read be stale? No.
#[derive(Debug)]
#[non_exhaustive]
pub enum strong {}

/// `#[consistency(write)]`: it writes.
#[derive(Debug)]
#[non_exhaustive]
pub enum write {}

/// The role of a handle can serve functions of level `L`.
#[diagnostic::on_unimplemented(
    message = "`&mut ReadConn<{Self}>` cannot serve a `{L}` repository function",
    label = "this handle is weaker than the function asks for",
    note = "pass a `&Session`, and the function checks out a connection that will do",
    note = "or pass a `&mut` handle that is strong enough: a `WriteConn` serves every function"
)]
pub trait Serves<L> {}

impl Serves<eventual> for Replica {}
impl Serves<bounded> for Replica {}

impl Serves<eventual> for CaughtUp {}
impl Serves<bounded> for CaughtUp {}
impl Serves<session> for CaughtUp {}

impl Serves<eventual> for Primary {}
impl Serves<bounded> for Primary {}
impl Serves<session> for Primary {}
impl Serves<strong> for Primary {}

/// A function of level `L` may take this handle.
#[diagnostic::on_unimplemented(
    message = "a `{L}` repository function does not take a `{Self}`",
    label = "this handle does not go with the level",
    note = "`eventual` and `bounded` take `&mut ReadConn<Replica>`, `session` takes `&mut ReadConn<CaughtUp>`",
    note = "`strong` takes `&mut ReadConn<Primary>` or `&mut WriteConn`, `write` takes `&mut WriteConn`"
)]
pub trait HandleOf<L> {}
