//! `Seen`: the statements that were seen on a connection.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
#[cfg(feature = "__async")]
use std::sync::Mutex;

use diesel::QueryResult;
use diesel::query_builder::{QueryFragment, QueryId};

#[cfg(feature = "__async")]
use crate::mutex::lock;
use crate::statement::dialect::Dialect;
use crate::statement::verdict::Verdict;

/// The verdicts on the statements of one connection that Diesel prepares once, by its static query ids.
///
/// They belong to the connection, for so does what Diesel has prepared: on another, a type whose ids do not tell its texts apart may be
/// prepared with another text.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashMap<u64, Kept, BuildHasherDefault<PassThrough>>);

/// The verdict on a type.
#[derive(Debug, Clone, Copy)]
struct Kept {
    verdict: Verdict,
    /// Set if a statement of the type may have to be prepared anew, with another text.
    may_vary: bool,
}

impl Seen {
    /// Returns the verdict on a statement that Diesel gets as an `S`, if it uses again what it has prepared for that. Of fragments of
    /// other authors, this may depend on a value, as may their text.
    #[inline]
    pub(crate) fn verdict<DB, Q, S>(&self, query: &Q, backend: &DB) -> QueryResult<Option<Verdict>>
    where
        DB: Dialect,
        Q: QueryFragment<DB>,
        S: QueryId,
    {
        let known = type_hash::<S>().and_then(|hash| self.0.get(&hash));
        match known {
            Some(kept) if kept.may_vary && !query.is_safe_to_cache_prepared(backend)? => Ok(None),
            known => Ok(known.map(|kept| kept.verdict)),
        }
    }

    /// Gives `look` the statements that were seen, for one that shares its connection, and that Diesel gets as an `S`.
    ///
    /// Nothing is known of a type whose texts may differ: of two statements under way, the second may be prepared first. Their code, which is
    /// not Diesel's, runs under no lock.
    #[cfg(feature = "__async")]
    pub(crate) fn with<Q, S: QueryId, T>(
        seen: &Mutex<Self>,
        look: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let mut known = lock(seen);
        if known.may_vary::<Q, S>() {
            drop(known);
            return look(&mut Self::default());
        }
        look(&mut known)
    }

    /// Returns whether the texts of statements that Diesel gets as an `S` may differ.
    #[cfg(feature = "__async")]
    #[inline]
    fn may_vary<Q, S: QueryId>(&self) -> bool {
        let known = type_hash::<S>().and_then(|hash| self.0.get(&hash));
        known.map_or_else(
            || !is_of_diesel(std::any::type_name::<Q>()),
            |kept| kept.may_vary,
        )
    }

    /// Records the verdict on a statement that Diesel gets as an `S`, if it keeps what it prepares for that.
    pub(crate) fn remember<DB, Q, S>(
        &mut self,
        query: &Q,
        backend: &DB,
        verdict: Verdict,
    ) -> QueryResult<()>
    where
        DB: Dialect,
        Q: QueryFragment<DB>,
        S: QueryId,
    {
        if let Some(hash) = type_hash::<S>()
            && query.is_safe_to_cache_prepared(backend)?
        {
            let may_vary = !is_of_diesel(std::any::type_name::<Q>());
            self.0.insert(hash, Kept { verdict, may_vary });
        }
        Ok(())
    }
}

/// Returns whether a type has only parts whose text is the same for all values, judging by its name: Diesel's, tables, columns, and the
/// language's own. The compiler does not promise names; a part whose name is not recognised costs a walk over the query.
pub(super) fn is_of_diesel(name: &str) -> bool {
    let parts = name.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    let mut parts = parts.filter(|part| part.contains("::"));
    parts.all(|part| {
        ["diesel::", "core::", "alloc::", "std::"]
            .iter()
            .any(|root| part.starts_with(root))
            || part.ends_with("::table")
            || part.contains("::columns::")
    })
}

#[inline]
pub(super) fn type_hash<Q: QueryId>() -> Option<u64> {
    Q::query_id().map(|id| BuildHasherDefault::<PassThrough>::default().hash_one(id))
}

/// A hasher that passes on what is a hash already: a `TypeId`.
#[derive(Debug, Default)]
pub(super) struct PassThrough(u64);

impl Hasher for PassThrough {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_ne_bytes(word);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    diesel::table! {
        users (id) {
            id -> Integer,
        }
    }

    fn is_plain<Q>(_: &Q) -> bool {
        is_of_diesel(std::any::type_name::<Q>())
    }

    struct Own;

    #[test]
    fn only_parts_of_other_authors_may_vary() {
        use diesel::prelude::*;

        let query = users::table
            .filter(users::id.eq(1))
            .select((users::id, users::id + 1));
        assert!(is_plain(&query.limit(1)));
        assert!(is_plain(&users::table.find(1)));
        assert!(!is_plain(&(users::id, Own)));
    }
}
