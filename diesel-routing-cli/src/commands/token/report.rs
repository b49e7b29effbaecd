//! `TokenReport`: what a token says, and whether that is proved.

use std::time::{Duration, SystemTime};

use diesel_routing::{Position, Rejection, Token, TokenParts};
use serde::Serialize;

use super::keys::Keys;
use super::texts::Found;
use crate::failure::Failure;
use crate::output::{Cell, Output, Sheet};

/// A token, taken apart.
#[derive(Debug, Serialize)]
pub(super) struct TokenReport {
    /// The cookie that it was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie: Option<String>,
    /// Set if a key has verified it; `None` if there was no key.
    verified: Option<bool>,
    /// The reason why it is none, or why a service with these keys would reject it.
    rejected: Option<&'static str>,
    #[serde(skip)]
    rejection: Option<Rejection>,
    #[serde(flatten)]
    parts: Option<Parts>,
}

/// The parts of a text that has the form of a token.
#[derive(Debug, Serialize)]
struct Parts {
    version: u8,
    key_id: u8,
    expires: String,
    is_expired: bool,
    #[serde(skip)]
    expires_at: SystemTime,
    /// A node must have this to serve the session's reads: what it wrote.
    wrote: Option<Write>,
    /// The last write whose position is not known.
    wrote_at_unknown_position: Option<String>,
    #[serde(skip)]
    unknown_since: Option<SystemTime>,
    /// A node must have this too: what the session saw.
    saw: Option<Place>,
    sizes: Sizes,
}

#[derive(Debug, Serialize)]
struct Write {
    #[serde(flatten)]
    place: Place,
    last_at: Option<String>,
    #[serde(skip)]
    at: Option<SystemTime>,
}

/// A position, and whose it is.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Place {
    kind: &'static str,
    /// What tells the cluster from others.
    cluster: String,
    position: String,
}

/// Lengths: of the text in letters, of the others in bytes.
#[derive(Debug, Serialize)]
struct Sizes {
    text: usize,
    bytes: usize,
    content: usize,
    signature: usize,
}

impl TokenReport {
    /// Takes a token apart, and verifies it with the keys that there are.
    pub(super) fn new(found: &Found, keys: &Keys, now: SystemTime) -> Result<Self, Failure> {
        let mut report = Self {
            cookie: found.cookie.clone(),
            verified: (!keys.is_empty()).then_some(false),
            rejected: None,
            rejection: None,
            parts: None,
        };
        let parts = match TokenParts::read(&found.text) {
            Ok(parts) => parts,
            Err(rejection) => {
                report.reject(rejection);
                return Ok(report);
            }
        };
        report.parts = Some(Parts::new(&parts, found.text.len(), now));
        if keys.is_empty() {
            return Ok(report);
        }
        let mut rejection = Rejection::UnknownKey;
        for keys in keys.of(parts.key_id())? {
            match keys.verify(&found.text, now) {
                Ok(_) => {
                    report.verified = Some(true);
                    return Ok(report);
                }
                // The signature comes first.
                Err(Rejection::Expired) => {
                    report.verified = Some(true);
                    report.reject(Rejection::Expired);
                    return Ok(report);
                }
                Err(other) => rejection = other,
            }
        }
        report.reject(rejection);
        Ok(report)
    }

    fn reject(&mut self, rejection: Rejection) {
        self.rejection = Some(rejection);
        self.rejected = Some(rejection.as_str());
    }

    /// Returns whether it is no token, or a service with these keys would reject it.
    pub(super) fn is_rejected(&self) -> bool {
        self.rejection.is_some()
    }

    /// Prints it for people.
    pub(super) fn print(&self, out: &mut Output, now: SystemTime) -> Result<(), Failure> {
        let mut sheet = Sheet::of_pairs();
        let mut add = |name, cell: Cell| sheet.row([Cell::from(name), cell]);
        if let Some(cookie) = &self.cookie {
            add("cookie", cookie.as_str().into());
        }
        add("signature", self.signature());
        if let Some(parts) = &self.parts {
            add("version", parts.version.to_string().into());
            add("key", parts.key_id.to_string().into());
            let expires = when(parts.expires_at, now);
            let expires = Cell::from(expires);
            add(
                "expires",
                if parts.is_expired {
                    expires.bad()
                } else {
                    expires
                },
            );
            match &parts.wrote {
                Some(write) => {
                    add("wrote", write.place.position.as_str().into());
                    add(
                        "  last at",
                        write.at.map_or_else(String::new, |at| when(at, now)).into(),
                    );
                    add("  cluster", write.place.in_words().into());
                }
                None => add(
                    "wrote",
                    Cell::from("nothing, as far as positions tell").faint(),
                ),
            }
            if let Some(since) = parts.unknown_since {
                add("wrote at an unknown position", when(since, now).into());
            }
            match &parts.saw {
                Some(place)
                    if parts
                        .wrote
                        .as_ref()
                        .is_some_and(|write| write.place == *place) =>
                {
                    add("saw", "what it wrote".into());
                }
                Some(place) => {
                    add("saw", place.position.as_str().into());
                    add("  cluster", place.in_words().into());
                }
                None => add(
                    "saw",
                    Cell::from("nothing, as far as positions tell").faint(),
                ),
            }
            let sizes = &parts.sizes;
            let words = format!(
                "{} letters, for {} bytes: 2 of header, {} of content, {} of signature",
                sizes.text, sizes.bytes, sizes.content, sizes.signature
            );
            add("size", Cell::from(words).faint());
        }
        out.sheet(&sheet)
    }

    fn signature(&self) -> Cell {
        let words = self.rejection.map(|rejection| rejection.to_string());
        match (self.verified, words) {
            (Some(true), None) => Cell::from("verified").good(),
            (Some(true), Some(words)) => Cell::from(format!("verified, but {words}")).bad(),
            (_, Some(words)) => Cell::from(words).bad(),
            (_, None) => Cell::from(
                "not verified: anybody can write such a text. Give the key with `--key-file` to prove who did",
            )
            .doubtful(),
        }
    }
}

impl Parts {
    fn new(parts: &TokenParts, text: usize, now: SystemTime) -> Self {
        let token: &Token = parts.unverified();
        let write = token.required().map(|position| Write {
            place: Place::of(&position),
            last_at: token.required_at().map(rfc3339),
            at: token.required_at(),
        });
        let signature = TokenParts::SIGNATURE_LEN;
        Self {
            version: parts.version(),
            key_id: parts.key_id(),
            expires: rfc3339(token.expires()),
            is_expired: token.expires() <= now,
            expires_at: token.expires(),
            wrote: write,
            wrote_at_unknown_position: token.unknown_since().map(rfc3339),
            unknown_since: token.unknown_since(),
            saw: token.floor().as_ref().map(Place::of),
            sizes: Sizes {
                text,
                bytes: 2 + parts.content_len() + signature,
                content: parts.content_len(),
                signature,
            },
        }
    }
}

impl Place {
    fn of(position: &Position) -> Self {
        let (kind, cluster) = match position {
            Position::Postgres(at) => ("PostgreSQL", format!("system identifier {}", at.system)),
            Position::MariaDb(at) => {
                let gtids = at.gtids().iter();
                let servers = gtids.map(|gtid| format!("{}-{}", gtid.domain, gtid.server));
                let servers = servers.collect::<Vec<_>>().join(", ");
                ("MariaDB", format!("domains and servers {servers}"))
            }
            Position::MySql(_) => (
                "MySQL",
                "the servers whose UUIDs the position has".to_owned(),
            ),
            Position::Galera(_) => (
                "Galera",
                "the history whose UUID the position has".to_owned(),
            ),
            _ => ("unknown", String::new()),
        };
        let position = match position {
            Position::Postgres(at) => format!("{} on timeline {}", at.lsn, at.timeline),
            position => position.to_string(),
        };
        Self {
            kind,
            cluster,
            position,
        }
    }

    fn in_words(&self) -> String {
        format!("{}, {}", self.kind, self.cluster)
    }
}

fn rfc3339(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

/// Returns a time, and how far it is from now.
fn when(at: SystemTime, now: SystemTime) -> String {
    let whole = |time: Duration| humantime::format_duration(Duration::from_secs(time.as_secs()));
    let distance = match at.duration_since(now) {
        Ok(ahead) => format!("in {}", whole(ahead)),
        Err(ago) => format!("{} ago", whole(ago.duration())),
    };
    format!("{} ({distance})", rfc3339(at))
}
