//! `Applied`: the settings that a connection's database session has from the router.

use std::sync::Arc;

use super::Flag;
use crate::connect::SessionSettings;

/// The settings that a connection's database session has from the router, as far as is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Applied {
    settings: Option<Arc<SessionSettings>>,
    /// Set once a statement ran that may have changed them.
    is_in_doubt: Flag,
    /// Set from before a change is sent until it is answered, and for good if a rollback may undo it.
    is_unsettled: bool,
}

impl Applied {
    /// Returns whether the session is known to have these settings.
    #[inline]
    pub(crate) fn are(&self, wanted: Option<&Arc<SessionSettings>>) -> bool {
        match (&self.settings, wanted) {
            (None, None) => true,
            (Some(settings), Some(wanted)) => {
                !self.is_in_doubt.is_set() && (Arc::ptr_eq(settings, wanted) || settings == wanted)
            }
            _ => false,
        }
    }

    /// Returns whether the session may have others than it is said to have, and must be reset.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.is_unsettled
    }

    /// Records that a statement may have changed them.
    #[inline]
    pub(crate) fn doubt(&self) {
        self.is_in_doubt.set();
    }

    /// Records that a change is about to be sent, and returns what it changes.
    pub(crate) fn begin_change(&mut self) -> Option<Arc<SessionSettings>> {
        self.is_unsettled = true;
        self.settings.clone()
    }

    /// Records that the session has these settings now. Inside a transaction, its end may undo that.
    pub(crate) fn finish_change(
        &mut self,
        settings: Option<Arc<SessionSettings>>,
        in_transaction: bool,
    ) {
        *self = Self {
            settings,
            is_in_doubt: Flag::default(),
            is_unsettled: in_transaction,
        };
    }
}

#[cfg(test)]
mod tests {
    use diesel_routing_sql::Dialect;

    use super::*;

    fn tenant(name: &str) -> Arc<SessionSettings> {
        let mut settings = SessionSettings::default();
        let added = settings.add("app.tenant", name.into(), Dialect::Postgres);
        added.unwrap();
        Arc::new(settings)
    }

    #[test]
    fn settings_are_known_from_the_answer_on_and_in_doubt_after_what_may_change_them() {
        let (a, b) = (tenant("a"), tenant("b"));
        let mut applied = Applied::default();
        assert!(applied.are(None) && !applied.are(Some(&a)));
        assert!(applied.begin_change().is_none());
        assert!(applied.is_unsettled(), "it may be cut short");
        applied.finish_change(Some(Arc::clone(&a)), false);
        assert!(applied.are(Some(&a)) && applied.are(Some(&tenant("a"))));
        assert!(!applied.is_unsettled() && !applied.are(Some(&b)) && !applied.are(None));
        applied.doubt();
        assert!(!applied.are(Some(&a)) && !applied.is_unsettled());
        assert_eq!(applied.begin_change(), Some(a));
        applied.finish_change(None, true);
        assert!(
            applied.are(None) && applied.is_unsettled(),
            "a rollback would undo it"
        );
        // What is not set cannot be changed.
        applied.finish_change(None, false);
        applied.doubt();
        assert!(applied.are(None));
    }
}
