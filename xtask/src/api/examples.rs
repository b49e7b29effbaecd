//! Which public items an example shows.

use std::collections::HashMap;

use rustdoc_types::{Crate, ItemEnum};

use super::items::PublicItem;

/// What follows the fence where rustdoc takes a block for Rust.
const OF_RUST: [&str; 6] = [
    "",
    "rust",
    "no_run",
    "should_panic",
    "compile_fail",
    "ignore",
];

/// The examples of a package: those in its docs, and those of pages that are tested with it.
#[derive(Debug)]
pub(super) struct Examples {
    blocks: Vec<String>,
    /// How many types and traits have a function of this name.
    owners: HashMap<String, usize>,
}

impl Examples {
    pub(super) fn of(docs: &Crate, items: &[PublicItem<'_>], pages: &[String]) -> Self {
        let own = docs.index.values().filter(|item| item.crate_id == 0);
        let texts = own.filter_map(|item| item.docs.as_ref()).chain(pages);
        let mut paths: Vec<_> = items
            .iter()
            .filter(|item| item.owner.is_some())
            .map(|item| (item.name(), &item.path))
            .collect();
        paths.dedup();
        let mut owners = HashMap::new();
        for (name, _) in paths {
            *owners.entry(name.to_owned()).or_default() += 1;
        }
        Self {
            blocks: texts.flat_map(|text| blocks(text)).collect(),
            owners,
        }
    }

    /// Returns whether an item has an example, or one elsewhere in the package names it. A method counts as named where it is called
    /// and nothing else in the package has its name, or its type is named too. Constants and modules need none.
    pub(super) fn show(&self, item: &PublicItem<'_>) -> bool {
        let needs_none = matches!(
            item.item.inner,
            ItemEnum::Module(_) | ItemEnum::Constant { .. } | ItemEnum::Static(_)
        );
        let docs = item.item.docs.as_deref().unwrap_or_default();
        if needs_none || !blocks(docs).is_empty() {
            return true;
        }
        let name = item.name();
        let Some(owner) = &item.owner else {
            return self.blocks.iter().any(|block| names(block, name));
        };
        let is_known_by_name = self.owners.get(name) == Some(&1);
        let mut blocks = self.blocks.iter().filter(|block| calls(block, name));
        // A builder has its type's name in `Type::builder()`.
        let built = owner.strip_suffix("Builder").unwrap_or(owner);
        blocks.any(|block| is_known_by_name || names(block, owner) || names(block, built))
    }
}

/// Returns the Rust of a text in Markdown.
fn blocks(text: &str) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), None::<Option<String>>);
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => found.extend(open.take().flatten()),
            (Some(info), None) => {
                let mut words = info.split([',', ' ']).map(str::trim);
                let is_rust =
                    words.all(|word| OF_RUST.contains(&word) || word.starts_with("edition"));
                open = Some(is_rust.then(String::new));
            }
            (None, Some(Some(block))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    found
}

/// Returns whether a word stands in a text.
fn names(text: &str, word: &str) -> bool {
    occurrences(text, word).next().is_some()
}

/// Returns whether a text calls a function, as `x.name(`, `X::name(` or `x.name::<`, or hands it on as `X::name`.
fn calls(text: &str, name: &str) -> bool {
    occurrences(text, name).any(|(before, after)| {
        before.ends_with("::")
            || before.ends_with('.') && (after.starts_with('(') || after.starts_with("::<"))
    })
}

/// Returns what is before and after each place where a word stands.
fn occurrences<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let places = text.match_indices(word).map(|(at, found)| {
        let (before, rest) = text.split_at(at);
        (before, &rest[found.len()..])
    });
    places.filter(move |(before, after)| !before.ends_with(is_part) && !after.starts_with(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_those_in_rust() {
        let text = "A\n```\nlet a = 1;\n```\n```toml\nb = 2\n```\n```no_run\nc();\n```";
        assert_eq!(blocks(text), ["let a = 1;\n", "c();\n"]);
    }

    #[test]
    fn a_function_is_called_by_its_whole_name() {
        for text in ["a.read()", "A::read(b)", "a.read::<B>()", "map(A::read)"] {
            assert!(calls(text, "read"), "{text}");
        }
        for text in ["a.read_primary()", "a.spread()", "a.read", "let read = 1;"] {
            assert!(!calls(text, "read"), "{text}");
        }
    }
}
