//! `#[derive(Statement)]`.

mod args;
mod expand;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use args::Args;

/// Expands `#[derive(Statement)]`.
///
/// After an error the type still gets an impl, so that one mistake gives one error.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let args = Args::read(&input);
    let mut tokens = args
        .error
        .as_ref()
        .map(syn::Error::to_compile_error)
        .unwrap_or_default();
    tokens.extend(expand::implement(&input, &args));
    tokens
}
