//! Protection of the primary, and of sessions where positions are unknown: the breaker and the window. Pure: it is told what others
//! measure.

mod breaker;
mod window;

#[cfg(feature = "config")]
pub(crate) use breaker::Thresholds;
pub use breaker::{Breaker, BreakerStatus, ShedReads, Signal, Strain};
pub(crate) use breaker::{Change, Gauges, LoadHook};
#[cfg(feature = "config")]
pub(crate) use window::Kind;
pub(crate) use window::Lags;
pub use window::{MeasuredWindow, Window, WindowStatus};
