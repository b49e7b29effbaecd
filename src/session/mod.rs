//! Sessions: their state, and the tokens that carry it.

mod clock;
#[cfg(feature = "test-util")]
mod manual_clock;
mod state;
mod token;

pub use clock::{Clock, SystemClock};
#[cfg(feature = "test-util")]
pub use manual_clock::ManualClock;
#[cfg(feature = "edge")]
pub(crate) use state::Activity;
pub(crate) use state::{Export, Moment, Reading, SessionState};
pub use token::{KeyError, Rejection, SignedToken, Token, TokenKeys};
