//! A session: one user's, or one job's, causal history.

mod clock;
mod state;
mod write_log;

pub use clock::{Clock, SystemClock};
pub(crate) use state::SessionState;
pub(crate) use write_log::{Ending, WriteLog};
