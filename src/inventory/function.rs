//! `Function`: a function of an inventory.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::config::HumanDuration;
use crate::routing::{self, Level};

/// A function with an attribute [`#[consistency(..)]`](macro@crate::consistency).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Function {
    /// Its path, `crate::module::name`, or the name that its attribute gives it. Methods are without their type's name.
    pub path: String,
    /// The module that it is in.
    pub module: String,
    /// Its level. `None` if the type of its handle has it, under a name of the application's own (`class = ".."` alone).
    #[serde(
        with = "super::level",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub level: Option<Level>,
    /// Its class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The longest that its reads may wait for a replica.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<HumanDuration>,
    /// The replicas that it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<On>,
    /// Set if its writes are not recorded in the session.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untracked: bool,
    /// Set if it is of the async flavour.
    #[serde(rename = "async")]
    pub is_async: bool,
    /// The file that it is in, as the compiler was given it.
    pub file: String,
    /// The line of its name there.
    pub line: u32,
    /// The first paragraph of its documentation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
}

/// The replicas that a function asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct On {
    /// Their tag.
    pub tag: String,
    /// The place where its reads go that none of them may serve.
    pub otherwise: Otherwise,
}

/// The place where reads go that no replica with the tag may serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Otherwise {
    /// To any other replica.
    AnyReplica,
    /// To the primary.
    Primary,
    /// Nowhere: they fail.
    Fail,
}

impl From<routing::Otherwise> for Otherwise {
    fn from(otherwise: routing::Otherwise) -> Self {
        match otherwise {
            routing::Otherwise::AnyReplica => Self::AnyReplica,
            routing::Otherwise::Primary => Self::Primary,
            routing::Otherwise::Fail => Self::Fail,
        }
    }
}

impl Function {
    fn place(&self) -> (&str, &str, &str, u32) {
        (&self.path, &self.module, &self.file, self.line)
    }
}

impl PartialOrd for Function {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Function {
    /// Compares by path, then by place.
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}
