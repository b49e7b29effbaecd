//! Positions of MySQL clusters: sets of GTIDs.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::Behind;
use super::bytes::{Input, push_length, push_number};
use super::kind::{About, Kind, TWO_PRIMARIES_WITH_GTIDS};

/// A position of a MySQL cluster: the set of the transactions that a node has, as in `gtid_executed`.
///
/// # Example
///
/// ```
/// use diesel_routing::MySqlPosition;
///
/// let written: MySqlPosition = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5".parse()?;
/// let replayed: MySqlPosition = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-3:5".parse()?;
/// assert!(!replayed.covers(&written)); // the fourth is missing
/// assert_eq!(replayed.join(&written), written);
/// assert!(MySqlPosition::default().is_empty());
/// # Ok::<(), diesel_routing::ParseGtidSetError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct MySqlPosition {
    /// Sorted by source; each has intervals.
    sources: Arc<[Source]>,
    /// The node whose position it is (`server_uuid`), if it is a node's.
    server: Option<Arc<u128>>,
}

/// The transactions written by one server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Source {
    uuid: u128,
    /// The tag (MySQL 8.3 and later), or empty.
    tag: Box<str>,
    /// First and last numbers, sorted, neither overlapping nor adjacent.
    intervals: Box<[(u64, u64)]>,
}

/// The longest tag (MySQL's manual, "GTID Format").
const MAX_TAG: usize = 32;

/// The greatest number of a transaction: 2^63 - 2 (MySQL's `GNO_END` - 1).
const MAX_NUMBER: u64 = (1 << 63) - 2;

impl Source {
    fn encode(&self, to: &mut Vec<u8>) {
        to.extend(self.uuid.to_le_bytes());
        push_length(self.tag.len(), to);
        to.extend(self.tag.bytes());
        push_length(self.intervals.len(), to);
        let mut before = 0;
        for &(first, last) in &self.intervals {
            // Encode deltas; they are small.
            push_number(first.saturating_sub(before), to);
            push_number(last.saturating_sub(first), to);
            before = last;
        }
    }

    fn decode(input: &mut Input<'_>) -> Option<Self> {
        let uuid = u128::from_le_bytes(input.take()?);
        let length = input.length().filter(|&length| length <= MAX_TAG)?;
        let tag = input.text(length)?.into();
        let mut before = 0_u64;
        let intervals = input.many(|input| {
            let first = before.checked_add(input.number()?)?;
            let last = first.checked_add(input.number()?)?;
            before = last;
            Some((first, last))
        });
        Some(Self {
            uuid,
            tag,
            intervals: intervals?.into(),
        })
    }

    fn key(&self) -> (u128, &str) {
        (self.uuid, &self.tag)
    }

    /// Returns the number of its transactions.
    fn len(&self) -> u64 {
        let lengths = self.intervals.iter().map(|&(first, last)| last - first + 1);
        lengths.fold(0, u64::saturating_add)
    }

    /// Returns the number of its transactions that the other has as well.
    fn shared_with(&self, other: &Self) -> u64 {
        let (mut ours, mut theirs) = (self.intervals.iter(), other.intervals.iter());
        let (mut one, mut two) = (ours.next(), theirs.next());
        let mut shared = 0_u64;
        while let (Some(&(first, last)), Some(&(start, end))) = (one, two) {
            let (from, to) = (first.max(start), last.min(end));
            shared = shared.saturating_add((to + 1).saturating_sub(from));
            if last < end {
                one = ours.next();
            } else {
                two = theirs.next();
            }
        }
        shared
    }

    fn covers(&self, required: &Self) -> bool {
        required.intervals.iter().all(|&(first, last)| {
            // The only interval that can hold it is the last that starts at or before it.
            let after = self.intervals.partition_point(|&(start, _)| start <= first);
            after
                .checked_sub(1)
                .is_some_and(|at| self.intervals[at].1 >= last)
        })
    }
}

impl MySqlPosition {
    /// Creates the position that has these transactions; `None` if an interval is empty or out of bounds.
    fn of_sources(sources: Vec<Source>) -> Option<Self> {
        let is_legal = |source: &Source| {
            is_tag(&source.tag)
                && source
                    .intervals
                    .iter()
                    .all(|&(first, last)| first >= 1 && first <= last && last <= MAX_NUMBER)
        };
        sources.iter().all(is_legal).then(|| Self {
            sources: united(sources).into(),
            server: None,
        })
    }

    /// Marks it as the position of the server with this uuid.
    #[must_use]
    #[cfg(any(feature = "mysql", feature = "sync-mysql"))]
    pub(crate) fn of_node(self, server: u128) -> Self {
        Self {
            server: Some(Arc::new(server)),
            ..self
        }
    }

    /// Returns whether it has no transaction at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Returns whether a node at this position has every transaction of `required`.
    #[must_use]
    pub fn covers(&self, required: &Self) -> bool {
        Arc::ptr_eq(&self.sources, &required.sources)
            || required.sources.iter().all(|source| self.has(source))
    }

    /// Returns the union of both sets.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        if self.covers(other) {
            return self.mark();
        }
        let both = self.sources.iter().chain(&*other.sources).cloned();
        Self {
            sources: united(both.collect()).into(),
            server: None,
        }
    }

    fn may_have(&self, source: &Source) -> bool {
        self.has(source) || self.server.as_deref().is_none_or(|own| *own == source.uuid)
    }

    /// Returns whether they have transactions of the same server.
    fn shares_cluster(&self, other: &Self) -> bool {
        self.sources.iter().any(|source| other.has_of(source.uuid))
    }

    fn replicated_from(&self, other: &Self) -> bool {
        other
            .server
            .as_deref()
            .is_some_and(|server| self.has_of(*server))
    }

    fn has_of(&self, uuid: u128) -> bool {
        self.sources.iter().any(|source| source.uuid == uuid)
    }

    fn has(&self, required: &Source) -> bool {
        self.sources
            .binary_search_by(|source| source.key().cmp(&required.key()))
            .is_ok_and(|at| self.sources[at].covers(required))
    }
}

impl Kind for MySqlPosition {
    const ABOUT: &'static About = &About {
        server: "MySQL",
        cluster: "GTIDs' servers",
        notation: "a set of GTIDs, like `3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5`",
        second_primary: TWO_PRIMARIES_WITH_GTIDS,
        is_multi_writer: false,
    };

    #[inline]
    fn covers(&self, required: &Self) -> bool {
        self.covers(required)
    }

    fn ahead_of(&self, behind: &Self) -> Option<Behind> {
        let missing = self.sources.iter().map(|source| {
            let known = behind
                .sources
                .binary_search_by(|known| known.key().cmp(&source.key()));
            let known = known.map_or(0, |at| source.shared_with(&behind.sources[at]));
            source.len().saturating_sub(known)
        });
        Some(Behind::Transactions(missing.fold(0, u64::saturating_add)))
    }

    fn join(&self, other: &Self) -> Option<Self> {
        Some(self.join(other))
    }

    /// Returns the position that a node must cover to have everything this node has.
    fn mark(&self) -> Self {
        Self {
            sources: Arc::clone(&self.sources),
            server: None,
        }
    }

    /// Returns whether this node has, or may still write, everything in `required`.
    fn may_reach(&self, required: &Self) -> bool {
        required.sources.iter().all(|source| self.may_have(source))
    }

    /// Returns the part of `required` that this node has or may still write, by server.
    fn reachable(&self, required: &Self) -> Option<Self> {
        let reachable = required
            .sources
            .iter()
            .filter(|source| self.may_have(source));
        let sources: Arc<[Source]> = reachable.cloned().collect();
        (!sources.is_empty()).then_some(Self {
            sources,
            server: None,
        })
    }

    /// Replaces what `primary` should have written itself but lacks with what it has; `None` if it lacks nothing.
    fn at_most(&self, primary: &Self) -> Option<Self> {
        let is_past = |source: &Source| !primary.has(source) && primary.may_have(source);
        let lowered = |source: &Source| {
            if !is_past(source) {
                return Some(source.clone());
            }
            let own = |own: &&Source| own.key() == source.key();
            primary.sources.iter().find(own).cloned()
        };
        self.sources.iter().any(is_past).then(|| Self {
            sources: self.sources.iter().filter_map(lowered).collect(),
            server: None,
        })
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
            let own = |source: &&Source| one.server.as_deref() == Some(&source.uuid);
            one.sources
                .iter()
                .filter(own)
                .any(|source| !other.has(source))
        };
        has_written_unknown_to(self, other)
            && self.replicated_from(other)
            && !(has_written_unknown_to(other, self) && other.replicated_from(self))
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn of_text(&self, text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn encode(&self, to: &mut Vec<u8>) {
        push_length(self.sources.len(), to);
        for source in &*self.sources {
            source.encode(to);
        }
    }

    fn decode(input: &mut Input<'_>) -> Option<Self> {
        input.many(Source::decode).and_then(Self::of_sources)
    }

    #[cfg(test)]
    fn samples() -> proptest::strategy::BoxedStrategy<Self> {
        tests::samples()
    }
}

/// Unites the sources with equal keys, and joins intervals that overlap or are adjacent.
fn united(mut sources: Vec<Source>) -> Vec<Source> {
    sources.sort();
    let mut united: Vec<Source> = Vec::with_capacity(sources.len());
    for source in sources {
        if source.intervals.is_empty() {
            continue;
        }
        match united.last_mut() {
            Some(last) if last.key() == source.key() => {
                let both = last.intervals.iter().chain(&*source.intervals).copied();
                last.intervals = merged(both.collect());
            }
            _ => united.push(Source {
                intervals: merged(source.intervals.into()),
                ..source
            }),
        }
    }
    united
}

fn merged(mut intervals: Vec<(u64, u64)>) -> Box<[(u64, u64)]> {
    intervals.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::with_capacity(intervals.len());
    for (first, last) in intervals {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = (*end).max(last),
            _ => merged.push((first, last)),
        }
    }
    merged.into()
}

/// Returns whether `text` is a tag: letters, digits and underscores, not a digit first; in lower case.
fn is_tag(text: &str) -> bool {
    text.len() <= MAX_TAG
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Formats the set as MySQL does, on one line: `3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7`.
impl fmt::Display for MySqlPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = None;
        for source in &*self.sources {
            if before != Some(source.uuid) {
                let comma = if before.is_none() { "" } else { "," };
                write!(f, "{comma}{}", Uuid(source.uuid))?;
            }
            before = Some(source.uuid);
            if !source.tag.is_empty() {
                write!(f, ":{}", source.tag)?;
            }
            for &(first, last) in &source.intervals {
                write!(f, ":{first}")?;
                if last > first {
                    write!(f, "-{last}")?;
                }
            }
        }
        Ok(())
    }
}

/// Parses what MySQL accepts: white space around the parts, letters of either case, and empty elements of
/// the list are legal.
impl FromStr for MySqlPosition {
    type Err = ParseGtidSetError;

    fn from_str(text: &str) -> Result<Self, ParseGtidSetError> {
        let error = || ParseGtidSetError(());
        let mut sources = Vec::new();
        for element in text.split(',').map(str::trim) {
            if element.is_empty() {
                continue;
            }
            let mut parts = element.split(':').map(str::trim);
            let uuid = parts.next().and_then(parse_uuid).ok_or_else(error)?;
            let mut source = None;
            for part in parts {
                if part.starts_with(|first: char| first.is_ascii_digit()) {
                    let (first, last) = parse_interval(part).ok_or_else(error)?;
                    let (_, intervals): &mut (String, Vec<(u64, u64)>) =
                        source.get_or_insert_with(Default::default);
                    intervals.push((first, last));
                } else {
                    let tag = part.to_ascii_lowercase();
                    if tag.is_empty() {
                        return Err(error());
                    }
                    if let Some((tag, intervals)) = source.replace((tag, Vec::new())) {
                        sources.push(of_parts(uuid, tag, intervals).ok_or_else(error)?);
                    }
                }
            }
            let (tag, intervals) = source.ok_or_else(error)?;
            sources.push(of_parts(uuid, tag, intervals).ok_or_else(error)?);
        }
        Self::of_sources(sources).ok_or_else(error)
    }
}

fn of_parts(uuid: u128, tag: String, intervals: Vec<(u64, u64)>) -> Option<Source> {
    (!intervals.is_empty()).then(|| Source {
        uuid,
        tag: tag.into(),
        intervals: intervals.into(),
    })
}

/// Parses `7` or `1-5`.
fn parse_interval(text: &str) -> Option<(u64, u64)> {
    let number = |text: &str| {
        let text = text.trim();
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| text.parse::<u64>().ok()).flatten()
    };
    match text.split_once('-') {
        Some((first, last)) => Some((number(first)?, number(last)?)),
        None => number(text).map(|one| (one, one)),
    }
}

/// Parses a uuid with its four hyphens.
pub(crate) fn parse_uuid(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut value = 0_u128;
    for (index, &byte) in bytes.iter().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
        } else {
            value = value << 4 | u128::from(char::from(byte).to_digit(16)?);
        }
    }
    Some(value)
}

/// A uuid that is displayed with its hyphens, in lower case.
pub(crate) struct Uuid(pub(crate) u128);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(uuid) = self;
        let part = |shift: u32, mask: u128| uuid >> shift & mask;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 0xFFFF_FFFF),
            part(80, 0xFFFF),
            part(64, 0xFFFF),
            part(48, 0xFFFF),
            part(0, 0xFFFF_FFFF_FFFF)
        )
    }
}

/// The error for a text that is not a set of MySQL's global transaction ids.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a GTID set of MySQL: it is a server's uuid and intervals, like \
     `3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5`, or several of those with commas between"
)]
pub struct ParseGtidSetError(());

#[cfg(test)]
mod tests;
