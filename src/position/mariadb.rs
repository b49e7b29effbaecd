//! Positions of MariaDB clusters: GTIDs.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::Behind;
use super::bytes::{Input, push_length, push_number};
use super::kind::{About, Kind, TWO_PRIMARIES_WITH_GTIDS};

/// A global transaction id of MariaDB, written `0-1-100`: the domain, the server that committed first,
/// and the number within the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Gtid {
    /// The replication domain (`gtid_domain_id`): the transactions of one domain are totally ordered.
    pub domain: u32,
    /// The server that wrote it (`server_id`).
    pub server: u32,
    /// Its number: within a domain, each transaction has a greater number than those before it,
    /// whichever server wrote them (`gtid_strict_mode`).
    pub sequence: u64,
}

impl Gtid {
    /// Creates a transaction id.
    #[must_use]
    pub const fn new(domain: u32, server: u32, sequence: u64) -> Self {
        Self {
            domain,
            server,
            sequence,
        }
    }

    fn stream(&self) -> (u32, u32) {
        (self.domain, self.server)
    }
}

/// A position of a MariaDB cluster: the last transaction of each server in each domain.
///
/// A number alone does not identify a history: after a failover, the old primary and the new
/// one may both have written number 100. So a position records *whose* transactions it has, and covers
/// another position only if it has those from the same server.
///
/// A node reports its position in two ways, which [`of_node`](Self::of_node) combines: the last
/// transaction of each domain, and the last of every server that ever wrote (`gtid_binlog_state`).
///
/// # Example
///
/// ```
/// use diesel_routing::{Gtid, MariaDbPosition};
///
/// let written: MariaDbPosition = "0-1-40,1-1-7".parse()?;
/// assert_eq!(written.gtids(), [Gtid::new(0, 1, 40), Gtid::new(1, 1, 7)]);
/// let replayed = MariaDbPosition::new([Gtid::new(0, 1, 42)]);
/// assert!(!replayed.covers(&written)); // of domain 1 it has nothing
/// assert_eq!(replayed.join(&written).to_string(), "0-1-42,1-1-7");
/// assert!(MariaDbPosition::new([]).is_empty());
/// # Ok::<(), diesel_routing::ParseGtidError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MariaDbPosition {
    /// Sorted, with one entry for each domain and server.
    last: Arc<[Gtid]>,
    node: Option<Arc<Node>>,
}

/// The part of a node's report beyond the last transaction of each domain.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Node {
    server: u32,
    /// Sorted, with one entry for each domain and server; nothing later than its domain's last.
    history: Box<[Gtid]>,
}

impl MariaDbPosition {
    /// Creates the position that has these transactions, and those before them.
    #[must_use]
    pub fn new(last: impl IntoIterator<Item = Gtid>) -> Self {
        Self {
            last: greatest(last).into(),
            node: None,
        }
    }

    /// Creates the position of the server with the id `server`: `last` is the last transaction of each domain,
    /// and `history` the last of each server that the node remembers (its `gtid_binlog_state`).
    ///
    /// Entries of the history past their domain's last are ignored: a replica writes its own log
    /// before it shows a transaction.
    #[must_use]
    pub fn of_node(server: u32, last: &Self, history: &Self) -> Self {
        let history = history.last.iter().filter_map(|known| {
            let shown = last.last_of(known.domain)?;
            let sequence = known.sequence.min(shown);
            Some(Gtid { sequence, ..*known })
        });
        Self {
            last: Arc::clone(&last.last),
            node: Some(Arc::new(Node {
                server,
                history: greatest(history).into(),
            })),
        }
    }

    /// Returns the last transaction of each server in each domain, in order.
    #[must_use]
    pub fn gtids(&self) -> &[Gtid] {
        &self.last
    }

    /// Returns whether it has no transaction at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// Returns whether a node at this position has every transaction up to `required`.
    #[must_use]
    pub fn covers(&self, required: &Self) -> bool {
        required.last.iter().all(|gtid| self.has(gtid))
    }

    /// Returns the least position that covers both.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        if self.last == other.last {
            return self.mark();
        }
        Self::new(self.last.iter().chain(&*other.last).copied())
    }

    /// Returns the last transaction of each domain, of both positions.
    #[must_use]
    #[cfg(any(feature = "mysql", feature = "sync-mysql"))]
    pub(crate) fn latest_of(&self, other: &Self) -> Self {
        self.join(other).latest()
    }

    /// Returns the last transaction of each domain.
    #[must_use]
    #[cfg(any(feature = "mysql", feature = "sync-mysql"))]
    pub(crate) fn latest(&self) -> Self {
        let is_latest = |gtid: &Gtid| self.last_of(gtid.domain) == Some(gtid.sequence);
        Self::new(self.last.iter().copied().filter(is_latest))
    }

    /// Adds the transactions of `server` from `other`, in domains that are missing here.
    #[must_use]
    #[cfg(any(feature = "mysql", feature = "sync-mysql"))]
    pub(crate) fn or_own(&self, server: u32, other: &Self) -> Self {
        let is_missing = |gtid: &Gtid| gtid.server == server && self.last_of(gtid.domain).is_none();
        let missing = other.last.iter().copied().filter(is_missing);
        Self::new(self.last.iter().copied().chain(missing))
    }

    fn may_have(&self, gtid: &Gtid) -> bool {
        self.has(gtid) || self.server().is_none_or(|own| own == gtid.server)
    }

    /// Returns whether they have a domain in common.
    fn shares_cluster(&self, other: &Self) -> bool {
        self.last
            .iter()
            .any(|gtid| other.last_of(gtid.domain).is_some())
    }

    fn server(&self) -> Option<u32> {
        self.node.as_ref().map(|node| node.server)
    }

    fn replicated_from(&self, other: &Self) -> bool {
        other
            .server()
            .is_some_and(|server| self.all().any(|gtid| gtid.server == server))
    }

    fn all(&self) -> impl Iterator<Item = &Gtid> {
        let history = self.node.iter().flat_map(|node| &node.history);
        self.last.iter().chain(history)
    }

    fn has(&self, required: &Gtid) -> bool {
        let history = self.node.as_ref().map_or(&[][..], |node| &node.history);
        [&*self.last, history].into_iter().any(|known| {
            known
                .binary_search_by_key(&required.stream(), Gtid::stream)
                .is_ok_and(|at| known[at].sequence >= required.sequence)
        })
    }

    /// Returns the greatest number of a domain.
    fn last_of(&self, domain: u32) -> Option<u64> {
        let of_domain = self.last.iter().filter(|gtid| gtid.domain == domain);
        of_domain.map(|gtid| gtid.sequence).max()
    }
}

impl Kind for MariaDbPosition {
    const ABOUT: &'static About = &About {
        server: "MariaDB",
        cluster: "GTID domain",
        notation: "a list of GTIDs, domain, server and sequence each, like `0-1-100`",
        second_primary: TWO_PRIMARIES_WITH_GTIDS,
        is_multi_writer: false,
    };

    #[inline]
    fn covers(&self, required: &Self) -> bool {
        self.covers(required)
    }

    fn ahead_of(&self, behind: &Self) -> Option<Behind> {
        // They are sorted by domain.
        let domains = self.last.chunk_by(|one, next| one.domain == next.domain);
        let domains = domains.filter_map(<[Gtid]>::first);
        let missing = domains.map(|gtid| {
            let last = self.last_of(gtid.domain).unwrap_or_default();
            last.saturating_sub(behind.last_of(gtid.domain).unwrap_or_default())
        });
        Some(Behind::Transactions(missing.fold(0, u64::saturating_add)))
    }

    fn join(&self, other: &Self) -> Option<Self> {
        Some(self.join(other))
    }

    /// Returns the position that a node must cover to have everything this node has.
    fn mark(&self) -> Self {
        Self {
            last: Arc::clone(&self.last),
            node: None,
        }
    }

    /// Returns whether this node has, or may still write, everything in `required`.
    fn may_reach(&self, required: &Self) -> bool {
        required.last.iter().all(|gtid| self.may_have(gtid))
    }

    /// Returns the part of `required` that this node has or may still write.
    fn reachable(&self, required: &Self) -> Option<Self> {
        let reachable = required.last.iter().filter(|gtid| self.may_have(gtid));
        let reachable = Self::new(reachable.copied());
        (!reachable.is_empty()).then_some(reachable)
    }

    /// Replaces what `primary` should have written itself but lacks with what it has; `None` if it lacks nothing.
    fn at_most(&self, primary: &Self) -> Option<Self> {
        let is_past = |gtid: &Gtid| !primary.has(gtid) && primary.may_have(gtid);
        let lowered = |gtid: &Gtid| {
            if !is_past(gtid) {
                return Some(*gtid);
            }
            let known = primary.all().filter(|own| own.stream() == gtid.stream());
            known.max_by_key(|own| own.sequence).copied()
        };
        self.last
            .iter()
            .any(is_past)
            .then(|| Self::new(self.last.iter().filter_map(lowered)))
    }

    fn continues(&self, before: &Self) -> bool {
        self.covers(before)
    }

    fn same_cluster(&self, other: &Self) -> bool {
        self.is_empty() || other.is_empty() || self.shares_cluster(other)
    }

    /// Returns whether this node has written after it replicated from `other`, and not vice versa.
    fn succeeds(&self, other: &Self) -> bool {
        let has_written_unknown_to = |one: &Self, other: &Self| {
            let own = |gtid: &&Gtid| Some(gtid.server) == one.server();
            one.all().filter(own).any(|gtid| !other.has(gtid))
        };
        has_written_unknown_to(self, other)
            && self.replicated_from(other)
            && !(has_written_unknown_to(other, self) && other.replicated_from(self))
    }

    /// Drops the GTIDs that are implied by the remaining ones on `primary`'s history; `None` if there are
    /// none.
    fn reduced(&self, primary: &Self) -> Option<Self> {
        let implied = |gtid: &Gtid| {
            primary.has(gtid)
                && self.last.iter().any(|other| {
                    other.domain == gtid.domain
                        && other.sequence > gtid.sequence
                        && primary.has(other)
                })
        };
        let rest = || self.last.iter().copied().filter(|gtid| !implied(gtid));
        self.last.iter().any(implied).then(|| Self::new(rest()))
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn of_text(&self, text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn encode(&self, to: &mut Vec<u8>) {
        push_length(self.last.len(), to);
        for gtid in &*self.last {
            push_number(gtid.domain.into(), to);
            push_number(gtid.server.into(), to);
            push_number(gtid.sequence, to);
        }
    }

    fn decode(input: &mut Input<'_>) -> Option<Self> {
        let gtid = |input: &mut Input<'_>| {
            let mut id = || input.number().and_then(|id| u32::try_from(id).ok());
            let (domain, server) = (id()?, id()?);
            Some(Gtid::new(domain, server, input.number()?))
        };
        input.many(gtid).map(Self::new)
    }

    #[cfg(test)]
    fn samples() -> proptest::strategy::BoxedStrategy<Self> {
        tests::samples()
    }
}

/// Returns the greatest of each domain and server, sorted.
fn greatest(gtids: impl IntoIterator<Item = Gtid>) -> Vec<Gtid> {
    let mut gtids: Vec<Gtid> = gtids.into_iter().collect();
    gtids.sort_unstable_by(|one, other| other.cmp(one));
    gtids.dedup_by_key(|gtid| gtid.stream());
    gtids.reverse();
    gtids
}

/// Formats the position as MariaDB does: `0-1-100,2-1-7`.
impl fmt::Display for MariaDbPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, gtid) in self.last.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{gtid}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Gtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.domain, self.server, self.sequence)
    }
}

/// Parses what MariaDB writes, including the empty text; spaces, signs and leading commas are invalid.
impl FromStr for MariaDbPosition {
    type Err = ParseGtidError;

    fn from_str(text: &str) -> Result<Self, ParseGtidError> {
        if text.is_empty() {
            return Ok(Self::new([]));
        }
        let gtids = text.split(',').map(str::parse);
        gtids.collect::<Result<Vec<Gtid>, _>>().map(Self::new)
    }
}

impl FromStr for Gtid {
    type Err = ParseGtidError;

    fn from_str(text: &str) -> Result<Self, ParseGtidError> {
        let mut parts = text.split('-');
        let mut number = || parts.next().and_then(digits).ok_or(ParseGtidError(()));
        let (domain, server, sequence) = (number()?, number()?, number()?);
        let small = |number: u64| u32::try_from(number).map_err(|_| ParseGtidError(()));
        match parts.next() {
            None => Ok(Self::new(small(domain)?, small(server)?, sequence)),
            Some(_) => Err(ParseGtidError(())),
        }
    }
}

/// Parses a number that consists of digits alone.
fn digits(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

/// The error for a text that is not a list of MariaDB's global transaction ids.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a GTID of MariaDB: it is three numbers, domain, server and sequence, like `0-1-100`")]
pub struct ParseGtidError(());

#[cfg(test)]
mod tests;
