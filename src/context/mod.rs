//! Sessions in scope: code on this thread or in this task finds them without a parameter.

mod defaults;
mod guard;
mod scope;
#[cfg(feature = "__async")]
mod scoped;
mod stack;

pub(crate) use defaults::{default_of, make_default};
pub use guard::Entered;
pub use scope::Scope;
#[cfg(feature = "__async")]
pub use scoped::Scoped;
pub(crate) use stack::find;
