//! `Window`: the time for which reads go to the primary after a write at an unknown position.

mod lags;
mod status;

use std::time::Duration;

pub(crate) use lags::Lags;
use lags::Spread;
pub use status::WindowStatus;

use crate::error::ConfigError;

/// The window before enough lags were measured, and the least one unless [`MeasuredWindow::min`] says otherwise.
const START: Duration = Duration::from_secs(5);

/// The number of lags from which on their 99th percentile is one of them that is not the largest. Chosen: five seconds of two
/// replicas at the default interval.
const ENOUGH: u64 = 100;

/// The most that `max` and `over` may be: histograms of lags reach so far.
const LONGEST: Duration = Duration::from_secs(3600);

/// The time for which a session's reads go to the primary after a write whose position is not known, or lies on the history
/// before a failover; [`RouterBuilder::window`](crate::RouterBuilder::window) takes it.
///
/// Either [fixed](Self::fixed), or as long as replicas [lagged](Self::measured) in the last minutes. Defaults to
/// `Window::measured()`.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use diesel_routing::{Node, Window, sync::sqlite::Router};
///
/// let builder = Router::builder()
///     .primary(Node::new("db-1", "shop.db"))
///     .replica(Node::new("db-2", "copy.db"));
/// // Whatever replicas do; a `Duration` alone says the same.
/// let builder = builder.window(Duration::from_secs(10));
/// // Three times what 99 of 100 answers show, from 2 s to 30 s.
/// let builder = builder.window(
///     Window::measured()
///         .factor(3.0)
///         .min(Duration::from_secs(2))
///         .max(Duration::from_secs(30)),
/// );
/// # let _ = builder;
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct Window(pub(crate) Kind);

/// The kind of window: how its length comes about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Fixed(Duration),
    Measured(MeasuredWindow),
}

/// A [`Window`] that follows the replicas' lag: `p99 x factor + margin`, from `min` to `max`, and never below the largest lag that
/// was seen in the last minutes, unless `max` is; [`Status::window`](crate::Status) counts that.
///
/// Lag is what the router measures, or what [`lag_with`](crate::RouterBuilder) tells. A replica past
/// [`max_lag`](crate::RouterBuilder::max_lag) serves nothing, so its lag does not count. Until 100 lags were seen, and
/// where none are, the window is 5 s, or the largest if that is more.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct MeasuredWindow {
    pub(crate) min: Duration,
    pub(crate) max: Duration,
    pub(crate) factor: f64,
    pub(crate) margin: Duration,
    pub(crate) over: Duration,
}

impl Window {
    /// Creates a window that is always as long as this.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use diesel_routing::Window;
    ///
    /// let fixed = Window::fixed(Duration::from_secs(10));
    /// let measured = Window::measured().margin(Duration::from_millis(500)).over(Duration::from_secs(600));
    /// # let _ = (fixed, measured);
    /// ```
    pub const fn fixed(window: Duration) -> Self {
        Self(Kind::Fixed(window))
    }

    /// Creates a window that is as long as replicas lagged in the last minutes, and some more.
    pub const fn measured() -> MeasuredWindow {
        MeasuredWindow {
            min: START,
            max: Duration::from_secs(60),
            factor: 2.0,
            margin: Duration::from_millis(500),
            over: Duration::from_secs(300),
        }
    }

    /// Checks that it makes sense.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match &self.0 {
            Kind::Fixed(_) => Ok(()),
            Kind::Measured(measured) => measured.check(),
        }
    }

    /// Returns the window, given how replicas lagged.
    fn under(&self, lags: Spread) -> Duration {
        match &self.0 {
            Kind::Fixed(window) => *window,
            Kind::Measured(measured) => measured.under(lags),
        }
    }

    /// Returns the time for which a lag counts; `None` if it does not depend on that.
    fn over(&self) -> Option<Duration> {
        match &self.0 {
            Kind::Fixed(_) => None,
            Kind::Measured(measured) => Some(measured.over),
        }
    }

    /// Returns whether it may be no longer than a lag that was seen.
    fn clamps(&self, lag: Duration) -> bool {
        match &self.0 {
            Kind::Fixed(_) => false,
            Kind::Measured(measured) => lag > measured.max,
        }
    }
}

impl MeasuredWindow {
    /// Sets the least window. Defaults to 5 s, as long as the fixed one would be: a write whose outcome is unknown may still take
    /// effect for a while on the primary, which no lag shows, and a lag that grows is seen only at the next question.
    ///
    /// Less is sound where the lag is measured and each write's outcome is known, as with Aurora: from there on, a replica
    /// that is known to lag more than the window serves no session. A second is a good choice then.
    pub const fn min(mut self, min: Duration) -> Self {
        self.min = min;
        self
    }

    /// Sets the longest window, whatever replicas lag; an hour at most. Defaults to 60 s, as
    /// [`max_lag`](crate::RouterBuilder::max_lag): replicas that lag more serve nothing.
    pub const fn max(mut self, max: Duration) -> Self {
        self.max = max;
        self
    }

    /// Sets by how much the 99th percentile is multiplied, from 1 to 100. Defaults to 2: lag that doubles between two looks at it
    /// is still within.
    pub const fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }

    /// Sets what is added. Defaults to 500 ms: more than the watch interval and the way of an answer, for which a lag may grow
    /// unseen.
    pub const fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// Sets for how long a lag counts, in steps of a tenth: from 10 s to an hour. Defaults to 5 min.
    pub const fn over(mut self, over: Duration) -> Self {
        self.over = over;
        self
    }

    fn check(&self) -> Result<(), ConfigError> {
        let invalid = |setting, value: String, legal| {
            Err(ConfigError::Window {
                setting,
                value,
                legal,
            })
        };
        if !(1.0..=100.0).contains(&self.factor) {
            return invalid("factor", self.factor.to_string(), "from 1 to 100");
        }
        if self.max > LONGEST {
            return invalid("max", format!("{:?}", self.max), "an hour at most");
        }
        if self.min > self.max {
            return invalid("min", format!("{:?}", self.min), "not above `max`");
        }
        if self.margin > LONGEST {
            return invalid("margin", format!("{:?}", self.margin), "an hour at most");
        }
        if !(Duration::from_secs(10)..=LONGEST).contains(&self.over) {
            return invalid("over", format!("{:?}", self.over), "from 10 s to an hour");
        }
        Ok(())
    }

    fn under(&self, lags: Spread) -> Duration {
        let estimate = if lags.samples < ENOUGH {
            START
        } else {
            lags.p99.mul_f64(self.factor).saturating_add(self.margin)
        };
        // In this order, not `clamp`, which panics if they are the wrong way round.
        estimate.max(lags.largest).max(self.min).min(self.max)
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::measured().into()
    }
}

impl From<MeasuredWindow> for Window {
    fn from(measured: MeasuredWindow) -> Self {
        Self(Kind::Measured(measured))
    }
}

impl From<Duration> for Window {
    fn from(window: Duration) -> Self {
        Self::fixed(window)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    fn seconds(range: std::ops::Range<f64>) -> impl Strategy<Value = Duration> {
        range.prop_map(Duration::from_secs_f64)
    }

    /// A lag that was seen, this long after the one before.
    fn lags() -> impl Strategy<Value = Vec<(Duration, Duration)>> {
        let lag = prop_oneof![seconds(0.0..0.2), seconds(0.0..90.0)];
        prop::collection::vec((seconds(0.0..2.0), lag), 1..400)
    }

    proptest! {
        /// Or sessions would be sent to replicas that were seen to miss what they wrote.
        #[test]
        fn a_window_is_never_below_the_largest_lag_seen_lately_unless_clamped_which_is_counted(
            seen in lags(), factor in 1.0..10.0_f64, min in seconds(0.0..10.0), max in seconds(10.0..60.0),
        ) {
            let window: Window = Window::measured().factor(factor).min(min).max(max).into();
            prop_assert!(window.check().is_ok());
            let over = window.over().unwrap();
            let mut now = Instant::now();
            let mut lags = Lags::default();
            let mut all = Vec::new();
            for (passed, lag) in seen {
                now += passed;
                lags.record(lag, &window, now);
                all.push((now, lag));
                let in_use = lags.window(&window, now);
                let lately = all.iter().filter(|(at, _)| now - *at < over);
                let largest = lately.map(|(_, lag)| *lag).max().unwrap();
                prop_assert!(in_use >= largest.min(max), "{in_use:?} < {largest:?}");
                prop_assert!(in_use >= min && in_use <= max);
            }
            let above = all.iter().filter(|(_, lag)| *lag > max).count();
            prop_assert_eq!(lags.clamped(), above as u64);
        }
    }

    #[test]
    fn a_window_stays_at_its_start_until_enough_was_seen_and_follows_the_lag_then() {
        let window: Window = Window::measured().min(Duration::from_secs(1)).into();
        let now = Instant::now();
        let mut lags = Lags::default();
        let lag = Duration::from_secs(1);
        for _ in 1..ENOUGH {
            lags.record(lag, &window, now);
            assert_eq!(lags.window(&window, now), START);
        }
        lags.record(lag, &window, now);
        let in_use = lags.window(&window, now);
        // Two significant digits, rounded up.
        let exact = Duration::from_millis(2500);
        assert!(
            in_use >= exact && in_use < exact.mul_f64(1.02),
            "{in_use:?}"
        );
    }

    #[test]
    fn a_few_slow_answers_of_many_count_by_the_largest_alone() {
        let window: Window = Window::measured().min(Duration::ZERO).into();
        let now = Instant::now();
        let mut lags = Lags::default();
        for _ in 0..1000 {
            lags.record(Duration::from_millis(10), &window, now);
        }
        lags.record(Duration::from_secs(3), &window, now);
        assert_eq!(lags.window(&window, now), Duration::from_secs(3));
        assert!(lags.spread().p99 < Duration::from_millis(20));
    }

    #[test]
    fn after_calm_for_as_long_as_lags_count_the_window_shrinks() {
        let window: Window = Window::measured().into();
        let mut now = Instant::now();
        let mut lags = Lags::default();
        lags.record(Duration::from_secs(20), &window, now);
        let seen = now;
        let over = window.over().unwrap();
        while now - seen < over + over / 10 {
            assert_eq!(lags.window(&window, now), Duration::from_secs(20));
            now += Duration::from_secs(1);
            lags.record(Duration::from_millis(50), &window, now);
        }
        assert_eq!(lags.window(&window, now), START);
        assert_eq!(lags.spread().largest, Duration::from_millis(50));
    }

    #[test]
    fn a_window_that_makes_no_sense_is_an_error_that_names_the_setting() {
        let second = Duration::from_secs(1);
        for (window, named) in [
            (Window::measured().factor(f64::NAN), "factor"),
            (Window::measured().factor(0.5), "factor"),
            (Window::measured().min(second * 61), "min"),
            (Window::measured().max(second * 3601), "max"),
            (Window::measured().over(second), "over"),
            (Window::measured().margin(Duration::MAX), "margin"),
        ] {
            let error = Window::from(window).check().unwrap_err();
            assert!(
                matches!(error, ConfigError::Window { setting, .. } if setting == named),
                "{error}"
            );
        }
    }
}
