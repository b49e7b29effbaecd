//! A session: one user's, or one job's, causal history.

mod clock;
#[cfg(feature = "__pool")]
mod current;
mod options;
#[cfg(feature = "__pool")]
mod routed;
mod routes;
mod state;
mod token;
mod view;
mod write_log;

pub use clock::{Clock, SystemClock};
pub(crate) use options::{DELAYED, Options};
#[cfg(feature = "__pool")]
pub use routed::Session;
pub(crate) use routes::{RouteCount, Routes};
pub(crate) use state::{Activity, Export, Moment, SessionState};
pub use token::{KeyError, Rejection, SignedToken, Token, TokenKeys};
pub(crate) use view::View;
pub(crate) use write_log::{Ending, WriteLog};
