//! The switch: replicas off and on again, for all or for a share of sessions.

use std::fmt::Display;

use super::{Changed, Flavour, Live, Router};
#[cfg(doc)]
use super::{RouterBuilder, Session};
use crate::error::ConfigError;
use crate::query_log::QueryLog;
use crate::routing::{Mode, ReplicaShare};

/// The switch. Routers [for other databases](Router::for_database) of the same servers have the same.
#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Router<C, F> {
    /// Returns what of the routing is in force.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn example(router: &diesel_routing::sync::sqlite::Router) -> Result<(), diesel_routing::ConfigError> {
    /// use diesel_routing::Mode;
    ///
    /// // A replica is suspect: everything to the primary, except a tenth of what is not urgent.
    /// if router.mode() == Mode::On && router.replica_share() == 100 {
    ///     router.set_replica_share(0)?;
    ///     router.set_class_replica_share("reports", 10)?;
    ///     router.set_statement_spans(true);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.shared().mode()
    }

    /// Sets what of the routing is in force, from now on: a kill switch, which needs no deploy. The router starts with
    /// [`RouterBuilder::mode`].
    ///
    /// Every checkout that begins after this returns is decided in the new mode. One that is under way may end as it was
    /// decided, and handles that are out stay where they are. Sessions remember what they write and see in every mode, so none
    /// has to be forgotten when replicas are turned on again. A change is a `tracing` event, and stands in
    /// [`status`](Self::status).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))]
    /// # async fn example(router: diesel_routing::pg::Router) -> Result<(), diesel_routing::Error> {
    /// use std::time::Duration;
    /// use diesel_routing::Mode;
    ///
    /// router.set_mode(Mode::PrimaryOnly); // something is wrong with the replicas
    /// // .. later ..
    /// let report = router.verify_caught_up(Duration::from_secs(10)).await?;
    /// if report.is_caught_up() {
    ///     router.set_mode(Mode::On);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn set_mode(&self, mode: Mode) {
        self.switch(mode, None);
    }

    /// Sets what of the routing is in force, and records who did it.
    pub(crate) fn switch(&self, mode: Mode, by: Option<&str>) {
        let before = self.adjust(|live| std::mem::replace(&mut live.mode, mode));
        if before != mode {
            self.changed(by, "mode", before, mode);
        }
    }

    /// Returns the share of sessions that may use replicas, in percent.
    #[must_use]
    pub fn replica_share(&self) -> u8 {
        self.shared().snapshot().live.replica_share.percent()
    }

    /// Sets the share of sessions that may use replicas, from 0 to 100 percent, from now on: for turning routing on slowly. The
    /// others read from the primary, with the reason [`Reason::OutsideShare`](crate::Reason::OutsideShare). The router starts
    /// with [`RouterBuilder::replica_share`].
    ///
    /// Who belongs to it is drawn once for a session; for sessions [with a key](Session::keyed), once for the key, in all
    /// processes alike. So nobody flips, and whoever belongs to a share belongs to every greater one. Reads outside sessions are
    /// drawn one by one. A read that [fails rather than go to the primary](crate::Tag::or_fail) is not kept from its replicas.
    ///
    /// # Errors
    ///
    /// [`ConfigError::ReplicaShare`] for more than 100; the share is as it was.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # fn example(router: diesel_routing::pg::Router) -> Result<(), diesel_routing::ConfigError> {
    /// router.set_replica_share(5)?;
    /// let session = router.session().keyed("user-7");
    /// # Ok(()) }
    /// ```
    pub fn set_replica_share(&self, percent: u8) -> Result<(), ConfigError> {
        self.share(percent, None)
    }

    /// Sets the share of sessions that may use replicas, and records who did it.
    pub(crate) fn share(&self, percent: u8, by: Option<&str>) -> Result<(), ConfigError> {
        let share = ReplicaShare::new(percent, None)?;
        let before = self.adjust(|live| std::mem::replace(&mut live.replica_share, share));
        if before != share {
            self.changed(by, "replica_share", before.percent(), percent);
        }
        Ok(())
    }

    /// Sets the share of a [class](crate::Class::replica_share), from now on: its reads use replicas for the sessions that
    /// belong both to it and to the router's share.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoSuchClass`]; [`ConfigError::ReplicaShare`] for more than 100. The share is as it was.
    pub fn set_class_replica_share(&self, class: &str, percent: u8) -> Result<(), ConfigError> {
        self.share_of_class(class, percent, None)
    }

    /// Sets the share of a class, and records who did it.
    pub(crate) fn share_of_class(
        &self,
        class: &str,
        percent: u8,
        by: Option<&str>,
    ) -> Result<(), ConfigError> {
        ReplicaShare::new(percent, Some(class))?;
        let before = self.adjust(|live| {
            let known = live.classes.iter_mut().find(|(name, _)| name == class);
            let Some((_, settings)) = known else {
                return Err(live.no_such_class(class, None));
            };
            Ok(settings.replica_share.replace(percent).unwrap_or(100))
        })?;
        if before != percent {
            self.changed(
                by,
                &format!("classes.{class}.replica_share"),
                before,
                percent,
            );
        }
        Ok(())
    }

    /// Sets the log of statements, `None` for no log, from the next checkout on: to see all statements for a minute, say. The router
    /// starts with [`RouterBuilder::query_log`].
    ///
    /// # Errors
    ///
    /// [`ConfigError::SampleShare`]; the log is as it was.
    pub fn set_query_log(&self, log: impl Into<Option<QueryLog>>) -> Result<(), ConfigError> {
        let log = log.into();
        if let Some(log) = &log {
            log.check()?;
        }
        let before = self.adjust(|live| std::mem::replace(&mut live.query_log, log));
        if before != log {
            let words = |log: Option<QueryLog>| log.map_or("off".to_owned(), |log| log.to_string());
            self.changed(None, "query_log", words(before), words(log));
        }
        Ok(())
    }

    /// Sets whether each statement has a `tracing` span, from the next checkout on. The router starts with
    /// [`RouterBuilder::statement_spans`].
    pub fn set_statement_spans(&self, spans: bool) {
        let before = self.adjust(|live| std::mem::replace(&mut live.statement_spans, spans));
        if before != spans {
            self.changed(None, "statement_spans", before, spans);
        }
    }

    /// Records a change.
    fn changed(&self, by: Option<&str>, key: &str, before: impl Display, now: impl Display) {
        let change = Changed::of_key(key, format!("`{key}`: {before} -> {now}"));
        self.shared().configuration_changed(by, &[change]);
    }

    /// Changes the settings that may change.
    fn adjust<T>(&self, change: impl FnOnce(&mut Live) -> T) -> T {
        let recipe = &self.databases().recipe;
        self.shared().adjust(&recipe.settings, change)
    }
}
