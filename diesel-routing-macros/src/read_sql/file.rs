//! SQL in a file of its own.

use std::path::Path;

use diesel_routing_sql::{Dialect, Finding};
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::LitStr;

use super::explain;

/// A file of SQL, as it is while the program is compiled.
pub(super) struct SqlFile {
    /// From the directory of the package's `Cargo.toml`, as it stands in the macro.
    path: LitStr,
    /// Its text, without a byte order mark.
    pub(super) text: String,
}

impl SqlFile {
    /// Reads the file at this path, from the directory of the `Cargo.toml` of the package that is compiled.
    pub(super) fn read(path: LitStr) -> syn::Result<Self> {
        let name = path.value();
        let fail = |why: String| syn::Error::new(path.span(), why);
        if name.is_empty() {
            return Err(fail(format!("expected the path of a file, {FROM_WHERE}")));
        }
        if Path::new(&name).is_absolute() {
            return Err(fail(format!(
                "`{name}` leads nowhere on other machines: write the path {FROM_WHERE}"
            )));
        }
        let Some(package) = std::env::var_os("CARGO_MANIFEST_DIR") else {
            return Err(fail(format!(
                "a path is one {FROM_WHERE}, and `CARGO_MANIFEST_DIR`, which says where that is, is not set: compile with cargo"
            )));
        };
        let bytes = std::fs::read(Path::new(&package).join(&name)).map_err(|error| {
            fail(format!(
                "`{name}` cannot be read: {error}\nthe path is one {FROM_WHERE}"
            ))
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let (line, column) = end_of(error.as_bytes(), error.utf8_error().valid_up_to());
            fail(format!(
                "{name}:{line}:{column}: this is no UTF-8: save the file in that encoding"
            ))
        })?;
        // The servers would take it for a letter.
        let text = match text.strip_prefix('\u{feff}') {
            Some(text) => text.to_owned(),
            None => text,
        };
        Ok(Self { path, text })
    }

    /// Returns an item that has the compiler look at the file again when it changes.
    pub(super) fn tracked(&self) -> TokenStream {
        let path = &self.path;
        let span = Span::mixed_site().located_at(path.span());
        quote_spanned! {span=>
            const _: &[u8] = ::core::include_bytes!(::core::concat!(
                ::core::env!("CARGO_MANIFEST_DIR"), "/", #path
            ));
        }
    }

    /// Returns the text as a literal, which is in the place of the path.
    pub(super) fn literal(&self) -> LitStr {
        LitStr::new(&self.text, self.path.span())
    }

    /// Returns the error of a finding, with its place in the file.
    pub(super) fn error(&self, finding: &Finding, dialect: Dialect) -> syn::Error {
        let name = self.path.value();
        let (line, column) = finding.position(&self.text, dialect);
        let why = match finding {
            Finding::Empty => format!("{finding}\nwrite the SELECT into the file"),
            _ => explain(finding),
        };
        syn::Error::new(self.path.span(), format!("{name}:{line}:{column}: {why}"))
    }
}

const FROM_WHERE: &str = "from the directory of the package's `Cargo.toml`";

/// Returns the line and the column behind the first bytes of a text, which are UTF-8.
fn end_of(bytes: &[u8], count: usize) -> (usize, usize) {
    let valid = bytes.get(..count).unwrap_or_default();
    let valid = String::from_utf8_lossy(valid);
    let last = valid.rsplit('\n').next().unwrap_or_default();
    let line = valid.matches('\n').count() + 1;
    (line, last.chars().count() + 1)
}
