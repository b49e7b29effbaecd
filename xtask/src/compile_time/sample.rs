//! The sample crates on disk: one text, with imports of plain Diesel or of ours.
//!
//! In the templates, `{t}` is a table, `{p}` its parent, `{n}` a function's number in its module; `{ok}` and `{end}`
//! stand around a function's result.

use std::path::Path;

use anyhow::Result;

use crate::workspace::Workspace;

/// A table, as `diesel print-schema` would write it.
const TABLE: &str = include_str!("../../sample/table.txt");
/// The types that its rows are read into and written from.
const MODELS: &str = include_str!("../../sample/models.txt");
/// Query functions of the kinds that a service's repositories are made of: seven reads and four writes.
const QUERIES: &str = include_str!("../../sample/queries.txt");

/// The package's manifest, as far as Diesel.
const MANIFEST: &str = include_str!("../../sample/manifest.txt");

/// The start of every module: `Reads` and `Writes` name the connections.
const PLAIN: &str = include_str!("../../sample/plain.txt");
const ROUTED: &str = include_str!("../../sample/routed.txt");

/// What the sample is written against, and whether every function has `#[consistency(..)]`.
#[derive(Debug)]
pub(super) struct Flavour {
    pub(super) package: &'static str,
    imports: &'static str,
    annotated: bool,
}

const fn flavour(package: &'static str, imports: &'static str, annotated: bool) -> Flavour {
    Flavour {
        package,
        imports,
        annotated,
    }
}

pub(super) static FLAVOURS: [Flavour; 3] = [
    flavour("plain-diesel", PLAIN, false),
    flavour("routed", ROUTED, false),
    flavour("annotated", ROUTED, true),
];

impl Flavour {
    /// Returns a function of the sample, with its annotation.
    fn function(&self, template: &str) -> String {
        if !self.annotated {
            return template.replace("{ok}", "").replace("{end}", "");
        }
        let is_read = template.contains("&mut Reads");
        let level = if is_read { "eventual" } else { "write" };
        let text = template.replace("{ok}", "Ok(").replace("{end}", "?)");
        let text = text.replace("-> QueryResult<", "-> Answer<");
        format!("#[diesel_routing::consistency({level})]\n{text}")
    }

    fn manifest(&self, root: &Path) -> String {
        let ours = format!(
            "diesel-routing = {{ path = {root:?}, default-features = false, features = [\"r2d2\", \"sync-sqlite\"] }}\n"
        );
        MANIFEST.replace("{package}", self.package) + if self.imports == PLAIN { "" } else { &ours }
    }
}

/// Writes a workspace of its own into `dir`.
pub(super) fn write(
    workspace: &Workspace,
    dir: &Path,
    flavours: &[Flavour],
    tables: u16,
    queries: u16,
) -> Result<()> {
    let sh = &workspace.sh;
    let members: Vec<_> = flavours.iter().map(|flavour| flavour.package).collect();
    let manifest = format!("[workspace]\nmembers = {members:?}\nresolver = \"3\"\n");
    sh.write_file(dir.join("Cargo.toml"), manifest)?;
    // The versions that the project itself was tested with.
    sh.copy_file(workspace.root().join("Cargo.lock"), dir.join("Cargo.lock"))?;
    let names: Vec<_> = (0..tables).map(name).collect();
    let lib: String = names
        .iter()
        .map(|name| format!("pub mod {name};\n"))
        .collect();
    for flavour in flavours {
        let dir = dir.join(flavour.package);
        sh.write_file(dir.join("Cargo.toml"), flavour.manifest(workspace.root()))?;
        sh.write_file(dir.join("src/lib.rs"), format!("pub mod schema;\n{lib}"))?;
        sh.write_file(dir.join("src/schema.rs"), schema(tables))?;
        for (number, name) in (0..).zip(&names) {
            let module = module(flavour, number, tables, queries);
            sh.write_file(dir.join(format!("src/{name}.rs")), module)?;
        }
    }
    Ok(())
}

/// Returns the table's name; it is its module's name as well.
fn name(number: u16) -> String {
    format!("t{number:03}")
}

/// Returns the table that this one's `parent_id` points at: the one before, so that every table has a join.
fn parent(number: u16, tables: u16) -> String {
    name(number.checked_sub(1).unwrap_or(tables - 1))
}

fn schema(tables: u16) -> String {
    let names: Vec<_> = (0..tables).map(name).collect();
    let definitions = names.iter().map(|name| TABLE.replace("{t}", name));
    let joins = (0..tables).map(|number| {
        let (table, parent) = (name(number), parent(number, tables));
        format!("diesel::joinable!({table} -> {parent} (parent_id));\n")
    });
    let all = names.join(", ");
    let together = format!("diesel::allow_tables_to_appear_in_same_query!({all});\n");
    definitions.chain(joins).chain([together]).collect()
}

/// Writes one table's models and functions, when `queries` are spread evenly over all tables.
fn module(flavour: &Flavour, number: u16, tables: u16, queries: u16) -> String {
    let (table, parent) = (name(number), parent(number, tables));
    let kinds: Vec<_> = QUERIES.split("\n\n").map(str::trim_end).collect();
    let upto = |number: usize| usize::from(queries) * number / usize::from(tables);
    let numbers = upto(usize::from(number))..upto(usize::from(number) + 1);
    let kinds = kinds.iter().cycle().skip(numbers.start % kinds.len());
    let functions: String = (0..numbers.len())
        .zip(kinds)
        .map(|(n, kind)| flavour.function(kind).replace("{n}", &n.to_string()) + "\n")
        .collect();
    let joins = functions.contains("{p}::");
    let import = if joins {
        "use crate::schema::{p};\n"
    } else {
        ""
    };
    [flavour.imports, MODELS, import, "\n", &functions]
        .concat()
        .replace("{t}", &table)
        .replace("{p}", &parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_defined_and_joined_to_another() {
        let schema = schema(3);
        assert_eq!(schema.matches("diesel::table!").count(), 3);
        for join in ["t000 -> t002", "t001 -> t000", "t002 -> t001"] {
            assert!(schema.contains(join), "{schema}");
        }
    }

    #[test]
    fn the_queries_add_up_over_all_tables_and_no_placeholder_is_left() {
        for (tables, queries) in [(60, 300), (3, 1), (7, 100)] {
            let modules = (0..tables).map(|n| module(&FLAVOURS[2], n, tables, queries));
            let all: String = modules.collect();
            assert_eq!(all.matches("pub fn ").count(), usize::from(queries));
            for placeholder in ["{t}", "{p}", "{n}", "{ok}", "{end}"] {
                assert!(!all.contains(placeholder), "{placeholder}");
            }
        }
    }
}
