//! `JobToken`: a session in the payload of a job.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Flavour, Router, Session};
use crate::routing::Level;
use crate::session::SignedToken;

/// A session in the payload of a queued job: whoever takes the job reads what the session had written when it was enqueued.
///
/// A queue outlives releases. Whatever is found in place of a token (nothing, since an earlier release enqueued the job; what a later
/// release means; a text that was cut) is deserialized without an error, and costs the job its reads on replicas, not the job: see
/// [`resume`](Self::resume). A [`SignedToken`] in a payload refuses what has not the form of a token.
///
/// ```no_run
/// # #[cfg(all(feature = "postgres", feature = "bb8"))]
/// # async fn example(session: diesel_routing::pg::Session, router: diesel_routing::pg::Router) -> Result<(), Box<dyn std::error::Error>> {
/// use diesel_routing::JobToken;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Welcome {
///     user: i32,
///     #[serde(default)]
///     session: JobToken,
/// }
///
/// let job = Welcome { user: 1, session: session.token().await?.into() };
/// let payload = serde_json::to_string(&job)?;
///
/// // In the worker:
/// let job: Welcome = serde_json::from_str(&payload)?;
/// let session = job.session.resume(&router);
/// let conn = session.delayed().read().await?; // sees the user's row; rather waits a second for a replica than go to the primary
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct JobToken(Option<SignedToken>);

impl JobToken {
    /// Resumes the session in a router of either flavour. If there is no token, or it is rejected, a new session's reads go
    /// to the primary, as [`at_level`](Session::at_level) has it: the job sees what it would have seen, at the primary's cost.
    ///
    /// A rejection is counted in [`status`](Router::status). Jobs that wait longer than tokens live
    /// ([`token_life`](crate::RouterBuilder::token_life)) have theirs rejected as expired; by then, replicas have mostly caught up.
    #[must_use]
    #[expect(private_bounds, reason = "there are two flavours, and no others")]
    pub fn resume<C, F: Flavour<C>>(&self, router: &Router<C, F>) -> Session<C, F> {
        let session = router.session();
        let token = self.0.as_ref();
        // A rejection is counted.
        if token.is_some_and(|token| session.absorb(token.as_str()).is_ok()) {
            session
        } else {
            session.at_level(Level::Strong)
        }
    }

    /// Returns the token, if there is one; its signature has not been verified.
    #[must_use]
    pub fn token(&self) -> Option<&SignedToken> {
        self.0.as_ref()
    }
}

impl From<SignedToken> for JobToken {
    fn from(token: SignedToken) -> Self {
        Self(Some(token))
    }
}

/// The content of a payload: a token, or something else.
#[derive(Deserialize)]
#[serde(untagged)]
enum Found {
    Token(SignedToken),
    Other(IgnoredAny),
}

impl<'de> Deserialize<'de> for JobToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Other formats do not say what comes.
        if !deserializer.is_human_readable() {
            let text = Option::<String>::deserialize(deserializer)?;
            return Ok(Self(text.and_then(|text| text.parse().ok())));
        }
        Ok(match Found::deserialize(deserializer)? {
            Found::Token(token) => Self(Some(token)),
            Found::Other(_) => Self(None),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{BorrowedStrDeserializer, Error, UnitDeserializer};

    use super::*;

    fn read(text: &str) -> JobToken {
        JobToken::deserialize(BorrowedStrDeserializer::<Error>::new(text)).expect("no error")
    }

    #[test]
    fn a_token_is_kept_and_whatever_else_is_found_is_no_error() {
        let token: SignedToken = "AZaz09-_".parse().expect("a token");
        assert_eq!(read("AZaz09-_").token(), Some(&token));
        let longest = "a".repeat(SignedToken::MAX_LEN + 1);
        for broken in ["", "not a token", &longest] {
            assert_eq!(read(broken), JobToken::default(), "{broken}");
        }
        let nothing = JobToken::deserialize(UnitDeserializer::<Error>::new());
        assert_eq!(nothing.expect("no error"), JobToken::default());
    }
}
