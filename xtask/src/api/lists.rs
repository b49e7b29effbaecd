//! The lists of a package: its API as `cargo public-api` has it, and what each item is.

use anyhow::{Context, Result};
use public_api::Builder;
use rustdoc_types::{Attribute, Crate, ItemEnum};

use super::items::PublicItem;
use super::{json, traits};
use crate::workspace::Workspace;

/// Returns the names and contents of a package's lists.
pub(super) fn of(
    workspace: &Workspace,
    package: &str,
    docs: &Crate,
    items: &[PublicItem<'_>],
) -> Result<[(String, String); 2]> {
    // What derives and the compiler implement is in the other list, in one line for each type.
    let api = Builder::from_rustdoc_json(json(workspace, package))
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .with_context(|| format!("the API of {package} could not be listed"))?;
    let mut lines: Vec<_> = items.iter().filter_map(|item| line(docs, item)).collect();
    lines.dedup();
    Ok([
        (format!("{package}.txt"), format!("{api}")),
        (format!("{package}-items.txt"), lines.concat()),
    ])
}

/// Returns what an item is: its features, common traits, and whether it must be used. Of functions, only those that need a feature.
fn line(docs: &Crate, item: &PublicItem<'_>) -> Option<String> {
    let kind = match &item.item.inner {
        ItemEnum::Module(_) => "mod",
        ItemEnum::Struct(_) => "struct",
        ItemEnum::Enum(_) => "enum",
        ItemEnum::Union(_) => "union",
        ItemEnum::Trait(_) => "trait",
        ItemEnum::TypeAlias(_) => "type",
        ItemEnum::Function(_) => "fn",
        ItemEnum::Macro(_) | ItemEnum::ProcMacro(_) => "macro",
        ItemEnum::Constant { .. } | ItemEnum::Static(_) => "const",
        _ => return None,
    };
    let labels = item.labels();
    if item.owner.is_some() && labels.is_empty() {
        return None;
    }
    let mut line = format!("{kind} {}", item.path);
    if !labels.is_empty() {
        line = format!("{line} [{}]", labels.join("] ["));
    }
    let mut words = traits::of(docs, item.item);
    let must_be_used = |attribute: &Attribute| matches!(attribute, Attribute::MustUse { .. });
    let is_type = item.is_type() || matches!(item.item.inner, ItemEnum::Trait(_));
    if is_type && item.item.attrs.iter().any(must_be_used) {
        words.push("must_use".to_owned());
    }
    if !words.is_empty() {
        line = format!("{line}: {}", words.join(" "));
    }
    Some(line + "\n")
}
