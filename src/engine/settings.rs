//! A router's settings.

use std::sync::Arc;
use std::time::Duration;

use crate::cluster::Node;
use crate::consistency::Class;
use crate::routing::Balance;
use crate::session::{Clock, SystemClock, TokenKeys};
use crate::statement::StatementCheck;

/// What builders collect, whatever the flavour of the connections.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) window: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) check: StatementCheck,
    pub(crate) max_lag: Duration,
    pub(crate) balance: Balance,
    pub(crate) zone: Option<String>,
    pub(crate) wait: Duration,
    pub(crate) positions: bool,
    /// The one database that is primary and replica.
    pub(crate) single: Option<Node>,
    pub(crate) watch_interval: Duration,
    pub(crate) watch_timeout: Duration,
    pub(crate) classes: Vec<(String, Class)>,
    pub(crate) keys: Option<TokenKeys>,
    pub(crate) token_life: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(5),
            clock: Arc::new(SystemClock),
            check: StatementCheck::default(),
            max_lag: Duration::from_secs(60),
            balance: Balance::default(),
            zone: None,
            wait: Duration::ZERO,
            positions: true,
            single: None,
            watch_interval: Duration::from_millis(100),
            watch_timeout: Duration::from_secs(1),
            classes: Vec::new(),
            keys: None,
            token_life: Duration::from_secs(60 * 60),
        }
    }
}
