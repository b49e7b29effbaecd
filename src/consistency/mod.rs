//! The parts of [`#[consistency(..)]`](macro@crate::consistency) functions. Users do not call them; they
//! appear in signatures and in compile errors.

mod admission;
mod again;
mod class;
mod ended;
mod fails;
mod function;
mod handle_guard;
pub mod levels;
mod lock;
mod priority;
#[cfg(feature = "__async")]
mod shared_guard;

#[cfg(feature = "__async")]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite")))
)]
pub use crate::asynchronous::acquire::{Acquire, AcquireShared};
#[cfg(feature = "__async")]
#[doc(hidden)]
pub use crate::asynchronous::attempt::{Answer, Attempt};
#[doc(hidden)]
pub use admission::{Admission, Admitted};
#[doc(hidden)]
pub use again::Again;
pub use class::Class;
#[doc(hidden)]
pub use ended::Ended;
#[doc(hidden)]
pub use fails::Fails;
pub use function::Function;
pub use handle_guard::HandleGuard;
#[doc(hidden)]
pub use lock::{Anything, LocksRows, MayLock, Probe, Query};
pub use priority::Priority;
#[cfg(feature = "__async")]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite")))
)]
pub use shared_guard::{HeldShared, SharedGuard};
