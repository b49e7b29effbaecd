//! Sessions' states, out of this process and into it.

#[cfg(feature = "edge")]
use std::time::Duration;
use std::time::Instant;

use super::Shared;
use crate::error::Rejection;
use crate::session::{Export, Moment, SessionState, SignedToken, Token};

impl Shared {
    /// Returns a token as text; `None` without keys to sign it with.
    pub(crate) fn sign(&self, token: &Token) -> Option<SignedToken> {
        self.keys.as_ref().map(|keys| keys.sign(token))
    }

    /// Returns whether there are keys to sign tokens with.
    pub(crate) fn has_keys(&self) -> bool {
        self.keys.is_some()
    }

    #[cfg(feature = "edge")]
    pub(crate) fn token_life(&self) -> Duration {
        self.token_life
    }

    /// Returns the state of `session` for another process, and whether all of it is known.
    pub(crate) fn export(&self, session: &SessionState, as_of: Instant) -> (Token, bool) {
        self.join_common(session);
        let cluster = self.snapshot.load();
        let Export {
            token,
            is_complete,
            home,
        } = {
            let samples = self.samples.load();
            let (moment, life) = (self.moment(), self.token_life);
            session.export(
                as_of,
                moment,
                life,
                cluster.window.window,
                &cluster,
                samples.as_deref(),
            )
        };
        if !is_complete {
            // That of the node where it read last may complete it with a position which more replicas have than the
            // primary's.
            home.into_iter().for_each(|home| self.signals.ask(home));
        }
        (token, is_complete)
    }

    /// Adds what `text` says, if it is a token, to `session`.
    pub(crate) fn absorb(&self, session: &SessionState, text: &str) -> Result<(), Rejection> {
        let moment = self.moment();
        let token = self
            .keys
            .as_ref()
            .ok_or(Rejection::NoKeys)
            .and_then(|keys| keys.verify(text, moment.wall))
            .inspect_err(|&rejection| self.rejections.count(rejection))?;
        self.join(session, token, moment)
    }

    /// Adds what `token` says to `session`; its source is trusted.
    #[cfg(feature = "edge")]
    pub(crate) fn absorb_token(
        &self,
        session: &SessionState,
        token: Token,
    ) -> Result<(), Rejection> {
        let moment = self.moment();
        if token.expires() <= moment.wall {
            self.rejections.count(Rejection::Expired);
            return Err(Rejection::Expired);
        }
        self.join(session, token, moment)
    }

    fn join(&self, session: &SessionState, token: Token, moment: Moment) -> Result<(), Rejection> {
        let token = match self.position() {
            Some(ours) => token
                .for_cluster_of(&ours)
                .inspect_err(|&rejection| self.rejections.count(rejection))?,
            None => token,
        };
        session.absorb(&token, moment, self.token_life);
        Ok(())
    }

    pub(super) fn moment(&self) -> Moment {
        Moment {
            now: self.clock.now(),
            wall: self.clock.wall(),
        }
    }
}
