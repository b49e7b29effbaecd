//! Snapshots of expansions, for tests.

use proc_macro2::TokenStream;

/// Formats an expansion for its snapshot, like rustfmt, whatever it contains.
pub(crate) fn pretty(tokens: &TokenStream) -> String {
    if let Ok(file) = syn::parse2::<syn::File>(tokens.clone()) {
        return prettyplease::unparse(&file);
    }
    let body = quote::quote!(fn expression() { #tokens });
    match syn::parse2::<syn::File>(body) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => panic!("the expansion does not parse: {error}\n{tokens}"),
    }
}

/// Compares an expansion with its snapshot and records the input there.
macro_rules! assert_expansion {
    ($name:expr, $input:expr, $expansion:expr $(,)?) => {
        insta::with_settings!({ description => $input, omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!($name, $crate::snapshot::pretty(&$expansion));
        })
    };
}
pub(crate) use assert_expansion;
