//! The public items of a library, each by the first path that leads to it.

use std::collections::{BTreeMap, HashSet};

use rustdoc_types::{Attribute, Crate, Id, Item, ItemEnum, Visibility};

/// An item that users can name or call.
#[derive(Debug)]
pub(super) struct PublicItem<'a> {
    pub(super) path: String,
    pub(super) item: &'a Item,
    /// The name of the type or trait whose function it is.
    pub(super) owner: Option<String>,
    /// The features without which it is not there, one text for each condition.
    pub(super) gates: Vec<String>,
}

impl PublicItem<'_> {
    pub(super) fn name(&self) -> &str {
        self.path.rsplit("::").next().unwrap_or_default()
    }

    pub(super) fn is_type(&self) -> bool {
        matches!(
            self.item.inner,
            ItemEnum::Struct(_) | ItemEnum::Enum(_) | ItemEnum::Union(_)
        )
    }

    /// Returns the conditions on features that users know. One that an internal feature fulfils as well says nothing.
    pub(super) fn labels(&self) -> Vec<&str> {
        let gates = self.gates.iter().map(String::as_str);
        gates.filter(|gate| !gate.contains("__")).collect()
    }
}

/// Lists the modules, types, traits, functions, methods, macros and constants of a library, without what it re-exports of others.
pub(super) fn public(docs: &Crate) -> Vec<PublicItem<'_>> {
    let mut walk = Walk {
        docs,
        seen: HashSet::new(),
        found: BTreeMap::new(),
    };
    walk.children(&docs.root, &walk.name_of(&docs.root), &[]);
    walk.found.into_values().flatten().collect()
}

struct Walk<'a> {
    docs: &'a Crate,
    seen: HashSet<Id>,
    found: BTreeMap<String, Vec<PublicItem<'a>>>,
}

impl<'a> Walk<'a> {
    fn name_of(&self, id: &Id) -> String {
        let item = self.docs.index.get(id);
        item.and_then(|item| item.name.clone()).unwrap_or_default()
    }

    fn children(&mut self, module: &Id, path: &str, gates: &[String]) {
        let Some(Item {
            inner: ItemEnum::Module(module),
            ..
        }) = self.docs.index.get(module)
        else {
            return;
        };
        // What stands in a module has it for its path; what is re-exported there may be elsewhere too.
        let is_use = |id: &&Id| {
            let item = self.docs.index.get(id);
            item.is_some_and(|item| matches!(item.inner, ItemEnum::Use(_)))
        };
        let (uses, own): (Vec<_>, Vec<_>) = module.items.iter().partition(is_use);
        for id in own.into_iter().chain(uses) {
            self.visit(id, path, None, gates);
        }
    }

    fn visit(&mut self, id: &Id, path: &str, name: Option<&str>, gates: &[String]) {
        let Some(item) = self.docs.index.get(id) else {
            return;
        };
        let gates = [gates, &gates_of(item)].concat();
        if let ItemEnum::Use(import) = &item.inner {
            match &import.id {
                Some(target) if import.is_glob => self.children(target, path, &gates),
                Some(target) => self.visit(target, path, Some(&import.name), &gates),
                None => {}
            }
            return;
        }
        if item.crate_id != 0 || !self.seen.insert(*id) {
            return;
        }
        let name = name.or(item.name.as_deref()).unwrap_or_default();
        let path = format!("{path}::{name}");
        self.add(path.clone(), item, None, gates.clone());
        match &item.inner {
            ItemEnum::Module(_) => self.children(id, &path, &gates),
            ItemEnum::Struct(inner) => self.methods(&inner.impls, &path, name, &gates),
            ItemEnum::Enum(inner) => self.methods(&inner.impls, &path, name, &gates),
            ItemEnum::Union(inner) => self.methods(&inner.impls, &path, name, &gates),
            ItemEnum::Trait(inner) => self.functions(&inner.items, &path, name, &gates),
            _ => {}
        }
    }

    fn methods(&mut self, impls: &[Id], path: &str, owner: &str, gates: &[String]) {
        for id in impls {
            if let Some(item) = self.docs.index.get(id)
                && let ItemEnum::Impl(inner) = &item.inner
                && inner.trait_.is_none()
            {
                let gates = [gates, &gates_of(item)].concat();
                self.functions(&inner.items, path, owner, &gates);
            }
        }
    }

    fn functions(&mut self, ids: &[Id], path: &str, owner: &str, gates: &[String]) {
        for id in ids {
            let Some(item) = self.docs.index.get(id) else {
                continue;
            };
            // Functions of a trait are as public as it is.
            let is_public = matches!(item.visibility, Visibility::Public | Visibility::Default);
            if let (ItemEnum::Function(_), true, Some(name)) = (&item.inner, is_public, &item.name)
            {
                let gates = [gates, &gates_of(item)].concat();
                self.add(format!("{path}::{name}"), item, Some(owner), gates);
            }
        }
    }

    fn add(&mut self, path: String, item: &'a Item, owner: Option<&str>, mut gates: Vec<String>) {
        gates.sort();
        gates.dedup();
        let found = PublicItem {
            path: path.clone(),
            item,
            owner: owner.map(str::to_owned),
            gates,
        };
        self.found.entry(path).or_default().push(found);
    }
}

/// Returns an item's own conditions, by the names of features.
fn gates_of(item: &Item) -> Vec<String> {
    let others = item.attrs.iter().filter_map(|attribute| match attribute {
        Attribute::Other(text) => Some(text),
        _ => None,
    });
    let conditions = others
        .filter(|text| text.starts_with("#[attr = CfgTrace(") || text.starts_with("#[doc(cfg("));
    conditions.filter_map(|text| condition(text)).collect()
}

/// Returns the features of a condition: in the compiler's words, `name: "feature", value: Some("moka")`, or in ours.
fn condition(text: &str) -> Option<String> {
    let text = text.replace("\"feature\", value: Some(", "feature = ");
    let features = text.split("feature = \"").skip(1);
    let mut features: Vec<_> = features.filter_map(|rest| rest.split('"').next()).collect();
    // Public ones first, by which the condition is known.
    features.sort_by_key(|feature| (feature.starts_with("__"), *feature));
    features.dedup();
    let word = if text.contains("Any(") || text.contains("any(") {
        " or "
    } else {
        " and "
    };
    (!features.is_empty()).then(|| features.join(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_read_from_the_compiler_s_words() {
        let one = r##"#[attr = CfgTrace([NameValue { name: "feature", value: Some("moka"), span: src/a.rs:1:7: 1:2 (#0) }])]"##;
        assert_eq!(condition(one).as_deref(), Some("moka"));
        let two = r##"#[attr = CfgTrace([Any([NameValue { name: "feature", value: Some("pg"), span: x }, NameValue { name: "feature", value: Some("__b"), span: x }], x)])]"##;
        assert_eq!(condition(two).as_deref(), Some("pg or __b"));
        assert_eq!(
            condition("#[attr = CfgTrace([NameValue { name: \"unix\" }])]"),
            None
        );
    }
}
