//! `WindowConfig`: the time for which reads go to the primary after a write at an unknown position.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::HumanDuration;
use crate::error::ConfigError;
use crate::protection::{Kind, Window};

/// The time for which a session's reads go to the primary after a write whose position is not known: `fixed`, or
/// `p99 x factor + margin` of the lags of the last minutes, from `min` to `max`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct WindowConfig {
    /// A window that is always as long as this. Without any of the other keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<HumanDuration>,
    /// The shortest window. Defaults to 5s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<HumanDuration>,
    /// The longest window. Defaults to 1m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<HumanDuration>,
    /// By how much the 99th percentile of the lags is multiplied, from 1 to 100. Defaults to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 100.0))]
    pub factor: Option<f64>,
    /// The time that is added. Defaults to 500ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<HumanDuration>,
    /// How long a lag counts, from 10s to 1h. Defaults to 5m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<HumanDuration>,
}

impl WindowConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.fixed.is_some() && self.is_measured() {
            let problem =
                "it has `fixed`, and keys of a window that follows the lag: give one or the others";
            return Err(ConfigError::setting("window", problem));
        }
        match self.window(Window::default()).check() {
            Err(ConfigError::Window {
                setting,
                value,
                legal,
            }) => Err(ConfigError::setting(
                format!("window.{setting}"),
                format!("it is {value}, and must be {legal}"),
            )),
            checked => checked,
        }
    }

    /// Returns whether it says anything of a window that follows the lag.
    fn is_measured(&self) -> bool {
        let Self { fixed, .. } = self;
        *self
            != Self {
                fixed: *fixed,
                ..Self::default()
            }
    }

    /// Returns the window, with what is left out as in `before`.
    pub(crate) fn window(&self, before: Window) -> Window {
        if let Some(window) = self.fixed {
            return Window::fixed(window.get());
        }
        if !self.is_measured() {
            return before;
        }
        let mut window = match before.0 {
            Kind::Measured(window) => window,
            Kind::Fixed(_) => Window::measured(),
        };
        if let Some(min) = self.min {
            window = window.min(min.get());
        }
        if let Some(max) = self.max {
            window = window.max(max.get());
        }
        if let Some(factor) = self.factor {
            window = window.factor(factor);
        }
        if let Some(margin) = self.margin {
            window = window.margin(margin.get());
        }
        if let Some(over) = self.over {
            window = window.over(over.get());
        }
        window.into()
    }
}
