//! `#[derive(RoutedConnection)]`.

mod expand;
mod read;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use syn::DeriveInput;

/// Expands `#[derive(RoutedConnection)]`.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let connections = syn::parse2::<DeriveInput>(input).and_then(read::Connections::read);
    match connections {
        Ok(connections) => expand::implement(&connections),
        // Without the impls, all that uses the enum has errors of its own; but there is no enum to implement them for.
        Err(error) => error.to_compile_error(),
    }
}
