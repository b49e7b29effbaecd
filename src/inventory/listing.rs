//! `Inventory`: a program's functions with its classes and rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Function, functions};
use crate::config::{ClassConfig, RoutingConfig, RuleConfig};
use crate::consistency::Class;
use crate::error::ConfigError;
use crate::routing::Level;

/// The version of the format that this release writes, and the latest that it reads.
pub const VERSION: u32 = 1;

/// A program's functions, classes and rules, as data.
///
/// # Example
///
/// ```
/// use diesel_routing::config::{RoutingConfig, RuleConfig};
/// use diesel_routing::{Class, Level};
/// use diesel_routing::inventory::Inventory;
///
/// let inventory = Inventory::collect(&RoutingConfig::default())
///     .class("reports", Class::new().level(Level::Eventual))
///     .rules([]);
/// for function in &inventory.functions {
///     println!("{} reads at {:?}", function.path, inventory.level_of(function));
/// }
/// for class in inventory.unknown_classes() {
///     println!("no class is called {class}");
/// }
/// // The same program has the same digest.
/// let again = Inventory::from_json(&inventory.to_json())?;
/// assert_eq!(again.digest(), inventory.digest());
/// # let _ = RuleConfig::new("/admin", Level::Strong);
/// # Ok::<(), diesel_routing::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Inventory {
    /// The version of the format.
    pub version: u32,
    /// The functions, in the order of their paths.
    pub functions: Vec<Function>,
    /// The classes, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<String, ClassConfig>,
    /// The rules of the edge, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleConfig>,
}

/// The part of the format that says which it is.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl Inventory {
    /// Collects this program's [functions](super::functions()), with the classes and the rules of a configuration.
    #[must_use]
    pub fn collect(config: &RoutingConfig) -> Self {
        Self {
            version: VERSION,
            functions: functions(),
            classes: config.classes.clone(),
            rules: config.edge.rules.clone(),
        }
    }

    /// Adds a class that code gives to the router's builder: [`RouterBuilder::class`](crate::RouterBuilder::class).
    #[must_use]
    pub fn class(mut self, name: impl Into<String>, class: Class) -> Self {
        self.classes.insert(name.into(), ClassConfig::of(class));
        self
    }

    /// Puts rules that code gives to the edge in the place of the configuration's, as [`Edge::rules`](crate::edge::Edge::rules)
    /// does.
    #[cfg(feature = "edge")]
    #[must_use]
    pub fn rules(mut self, rules: impl IntoIterator<Item = crate::edge::Rule>) -> Self {
        self.rules = rules.into_iter().map(|rule| rule.as_config()).collect();
        self
    }

    /// Returns the strongest level that a function's reads ask for: its own, and that of its class. `None` if its own is not known.
    #[must_use]
    pub fn level_of(&self, function: &Function) -> Option<Level> {
        let level = function.level?;
        let class = function.class.as_ref();
        let of_class = class.and_then(|class| self.classes.get(class)?.level);
        Some(match (level, of_class.map(|level| level.get())) {
            (Level::Write, _) => Level::Write,
            (_, Some(Level::Strong | Level::Write)) => Level::Strong,
            (Level::Eventual, Some(stronger)) => stronger,
            (Level::Bounded(lag), Some(Level::Bounded(other))) => Level::Bounded(lag.min(other)),
            (Level::Bounded(_), Some(Level::Session)) => Level::Session,
            (own, _) => own,
        })
    }

    /// Returns whether a function belongs on the primary alone: whether it reads strongly, writes, or may do so for all that is
    /// known.
    #[must_use]
    pub fn is_strong(&self, function: &Function) -> bool {
        matches!(
            self.level_of(function),
            None | Some(Level::Strong | Level::Write)
        )
    }

    /// Returns the classes that functions or rules name, and that there are not.
    #[must_use]
    pub fn unknown_classes(&self) -> BTreeSet<&str> {
        let of_functions = self.functions.iter().filter_map(|of| of.class.as_deref());
        let of_rules = self.rules.iter().filter_map(|rule| rule.class.as_deref());
        let named = of_functions.chain(of_rules);
        named
            .filter(|class| !self.classes.contains_key(*class))
            .collect()
    }

    /// Returns the SHA-256 digest, in hexadecimal digits, of all that says how functions read and write: files, lines and
    /// documentation are not part of it.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut bare = self.clone();
        for function in &mut bare.functions {
            function.file.clear();
            function.line = 0;
            function.doc.clear();
        }
        bare.functions.sort();
        let digest = Sha256::digest(bare.to_json().as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns the inventory in JSON, with line breaks, the same for the same inventory.
    #[must_use]
    pub fn to_json(&self) -> String {
        // It is made of texts, numbers and lists alone, whose serialization has no errors.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads an inventory in JSON.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Key`] or [`ConfigError::Unreadable`] if it is none, or was written by a later release.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        if let Ok(Version { version }) = serde_json::from_str(text)
            && version != VERSION
        {
            return Err(ConfigError::setting(
                "version",
                format!(
                    "it is {version}, and this release reads inventories of version {VERSION}: write it with the same release"
                ),
            ));
        }
        crate::config::json(text)
    }

    /// Writes the inventory to a file, in JSON.
    ///
    /// # Errors
    ///
    /// As writing a file.
    pub fn write(&self, path: impl AsRef<Path>) -> io::Result<()> {
        fs::write(path, self.to_json())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn inventory(level: Option<Level>, class: Option<ClassConfig>) -> Inventory {
        let function = Function {
            path: "app::find".to_owned(),
            module: "app".to_owned(),
            level,
            class: class.is_some().then(|| "c".to_owned()),
            wait: None,
            on: None,
            untracked: false,
            is_async: true,
            file: "src/lib.rs".to_owned(),
            line: 7,
            doc: String::new(),
        };
        Inventory {
            version: VERSION,
            functions: vec![function],
            classes: class
                .map(|class| ("c".to_owned(), class))
                .into_iter()
                .collect(),
            rules: Vec::new(),
        }
    }

    #[test]
    fn the_stronger_of_function_and_class_counts() {
        let bounded = |millis| Level::Bounded(Duration::from_millis(millis));
        for (own, of_class, both) in [
            (Level::Eventual, Level::Session, Level::Session),
            (Level::Session, Level::Eventual, Level::Session),
            (bounded(250), bounded(100), bounded(100)),
            (bounded(250), Level::Session, Level::Session),
            (Level::Session, Level::Strong, Level::Strong),
            (Level::Write, Level::Eventual, Level::Write),
        ] {
            let class = ClassConfig::of(Class::new().level(of_class));
            let inventory = inventory(Some(own), Some(class));
            assert_eq!(inventory.level_of(&inventory.functions[0]), Some(both));
        }
    }

    #[test]
    fn what_is_not_known_counts_as_strong() {
        let unknown = inventory(None, None);
        assert!(unknown.is_strong(&unknown.functions[0]));
        let session = inventory(Some(Level::Session), None);
        assert!(!session.is_strong(&session.functions[0]));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let class = ClassConfig::of(Class::new().level(Level::Strong));
        for level in [
            None,
            Some(Level::Write),
            Some(Level::Bounded(Duration::from_millis(250))),
        ] {
            let inventory = inventory(level, Some(class.clone()));
            assert_eq!(Inventory::from_json(&inventory.to_json()), Ok(inventory));
        }
    }

    #[test]
    fn another_line_is_the_same_inventory_and_another_level_is_not() {
        let mut moved = inventory(Some(Level::Session), None);
        let digest = moved.digest();
        assert_eq!(digest.len(), 64);
        moved.functions[0].line += 1;
        assert_eq!(moved.digest(), digest);
        moved.functions[0].level = Some(Level::Strong);
        assert_ne!(moved.digest(), digest);
    }

    #[test]
    fn a_mistake_names_the_key() {
        let text = inventory(Some(Level::Session), None).to_json();
        let error = Inventory::from_json(&text.replace("session", "srtong")).unwrap_err();
        assert!(error.to_string().contains("functions[0].level"), "{error}");
        let later = text.replace("\"version\": 1", "\"version\": 2");
        let error = Inventory::from_json(&later).unwrap_err();
        assert!(error.to_string().contains("`version`"), "{error}");
    }
}
