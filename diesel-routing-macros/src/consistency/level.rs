//! The levels: one list, from which the attribute's words, its messages and its expansion follow.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Path;

/// A kind of level.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// Its word in the attribute, and its type in `diesel_routing::consistency::levels`.
    pub(super) word: &'static str,
    /// Its variant of `diesel_routing::Level`.
    variant: &'static str,
    /// Set if a lag goes with it.
    pub(super) has_lag: bool,
    /// Set if its reads may wait for a replica.
    pub(super) waits: bool,
    handle: Handle,
}

/// The weakest handle that goes with a level.
#[derive(Debug, PartialEq, Eq)]
enum Handle {
    Replica,
    CaughtUp,
    Primary,
    Write,
}

pub(super) const KINDS: &[Kind] = &[
    Kind {
        word: "eventual",
        variant: "Eventual",
        has_lag: false,
        waits: false,
        handle: Handle::Replica,
    },
    Kind {
        word: "bounded",
        variant: "Bounded",
        has_lag: true,
        waits: true,
        handle: Handle::Replica,
    },
    Kind {
        word: "session",
        variant: "Session",
        has_lag: false,
        waits: true,
        handle: Handle::CaughtUp,
    },
    Kind {
        word: "strong",
        variant: "Strong",
        has_lag: false,
        waits: false,
        handle: Handle::Primary,
    },
    Kind {
        word: "write",
        variant: "Write",
        has_lag: false,
        waits: false,
        handle: Handle::Write,
    },
];

impl Kind {
    /// Returns the kind with this word.
    pub(super) fn of_word(word: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.word == word)
    }

    /// Returns the level as it is written in the attribute.
    pub(super) fn example(&self) -> String {
        let lag = if self.has_lag { " = \"250ms\"" } else { "" };
        format!("`{}{lag}`", self.word)
    }

    /// Returns whether the function writes.
    pub(super) fn writes(&self) -> bool {
        self.handle == Handle::Write
    }

    /// Returns whether the function may run on a replica.
    pub(super) fn may_be_a_replica(&self) -> bool {
        matches!(self.handle, Handle::Replica | Handle::CaughtUp)
    }

    /// Returns the type of its handle; `flavour` is the handles' module, and `root` the crate.
    pub(super) fn handle(&self, flavour: &Path, root: &Path) -> TokenStream {
        match self.handle {
            Handle::Replica => quote!(#flavour::ReadConn<#root::Replica, _>),
            Handle::CaughtUp => quote!(#flavour::ReadConn<#root::CaughtUp, _>),
            Handle::Primary => quote!(#flavour::ReadConn<#root::Primary, _>),
            Handle::Write => quote!(#flavour::WriteConn<_>),
        }
    }
}

/// Returns all levels, as they are written in the attribute.
pub(super) fn all() -> String {
    let examples: Vec<_> = KINDS.iter().map(Kind::example).collect();
    examples.join(", ")
}

/// Returns the words of the levels that may wait, the usual one first.
pub(super) fn waiting() -> String {
    let waiting = KINDS.iter().rev().filter(|kind| kind.waits);
    let words: Vec<_> = waiting.map(|kind| format!("`{}`", kind.word)).collect();
    words.join(" and ")
}

/// Returns the words of the levels that replicas may serve.
pub(super) fn on_replicas() -> String {
    let levels = KINDS.iter().filter(|kind| kind.may_be_a_replica());
    let words: Vec<_> = levels.map(|kind| format!("`{}`", kind.word)).collect();
    match words.split_last() {
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// A level, as an attribute sets it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) kind: &'static Kind,
    /// The lag, where one goes with the level.
    pub(super) lag: Option<Duration>,
}

impl Level {
    /// Returns the value of `diesel_routing::Level`, without the enum's path.
    pub(super) fn value(self) -> TokenStream {
        let variant = Ident::new(self.kind.variant, Span::call_site());
        let lag = self.lag.map(|lag| {
            let nanos = nanos(lag);
            quote!((::core::time::Duration::from_nanos(#nanos)))
        });
        quote!(#variant #lag)
    }
}

/// Returns a length of time in nanoseconds, at most the longest that a `Duration` is made of.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_every_level_once() {
        assert_eq!(
            all(),
            "`eventual`, `bounded = \"250ms\"`, `session`, `strong`, `write`"
        );
        assert_eq!(waiting(), "`session` and `bounded`");
        assert_eq!(on_replicas(), "`eventual`, `bounded` and `session`");
    }
}
