//! The common traits that a type implements.

use rustdoc_types::{Crate, GenericBound, Id, Impl, Item, ItemEnum, WherePredicate};

/// Those that users expect of a type, or miss.
const COMMON: [&str; 14] = [
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Deserialize",
    "Display",
    "Eq",
    "Error",
    "FromStr",
    "Hash",
    "Ord",
    "Send",
    "Serialize",
    "Sync",
];

/// Returns the names of those that a type implements; a `?` follows where that depends on its parameters.
pub(super) fn of(docs: &Crate, item: &Item) -> Vec<String> {
    let impls = match &item.inner {
        ItemEnum::Struct(inner) => &inner.impls,
        ItemEnum::Enum(inner) => &inner.impls,
        ItemEnum::Union(inner) => &inner.impls,
        _ => return Vec::new(),
    };
    let mut names: Vec<_> = impls.iter().filter_map(|id| common(docs, id)).collect();
    names.sort();
    names.dedup();
    names
}

fn common(docs: &Crate, id: &Id) -> Option<String> {
    let ItemEnum::Impl(found) = &docs.index.get(id)?.inner else {
        return None;
    };
    let name = found.trait_.as_ref()?.path.rsplit("::").next()?;
    let counts = COMMON.contains(&name) && !found.is_negative && found.blanket_impl.is_none();
    let mark = if is_conditional(found) { "?" } else { "" };
    counts.then(|| format!("{name}{mark}"))
}

/// Returns whether an automatic implementation asks something of parameters; what others ask is in the list of the API.
fn is_conditional(found: &Impl) -> bool {
    let asks = |predicate: &WherePredicate| match predicate {
        WherePredicate::BoundPredicate { bounds, .. } => bounds
            .iter()
            .any(|bound| matches!(bound, GenericBound::TraitBound { .. })),
        _ => false,
    };
    found.is_synthetic && found.generics.where_predicates.iter().any(asks)
}
