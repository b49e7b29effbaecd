//! Sessions: their state, and the tokens that carry it.

mod clock;
mod home;
#[cfg(feature = "test-util")]
mod manual_clock;
mod moment;
mod stamp;
mod state;
mod token;

pub use clock::{Clock, SystemClock};
pub(crate) use home::Reading;
#[cfg(feature = "test-util")]
pub use manual_clock::ManualClock;
pub(crate) use moment::Moment;
#[cfg(feature = "edge")]
pub(crate) use state::Activity;
pub(crate) use state::{Export, SessionState};
pub use token::{SignedToken, Token, TokenKeys, TokenParts};
