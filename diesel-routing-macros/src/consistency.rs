//! `#[consistency(..)]`.

mod args;
mod body;
mod expand;
mod future;
mod level;
mod register;
mod result;
mod signature;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use syn::{ImplItem, ImplItemFn, Item, ItemImpl};

use args::Args;

/// Expands `#[consistency(..)]` on a function, a method, or an `impl` block.
///
/// After an error, the item is expanded as it was written, so that one mistake gives one error. What is expanded goes into the
/// program's inventory if it `registers`.
pub(crate) fn expand(attribute: TokenStream, item: TokenStream, registers: bool) -> TokenStream {
    try_expand(attribute, &item, registers).unwrap_or_else(|error| {
        let mut tokens = error.to_compile_error();
        tokens.extend(without_vouching(item));
        tokens
    })
}

fn try_expand(
    attribute: TokenStream,
    item: &TokenStream,
    registers: bool,
) -> syn::Result<TokenStream> {
    let mut args = syn::parse2::<Args>(attribute)?;
    args.registers = registers;
    // A method is a function with a receiver, and a function is a method without one.
    if let Ok(mut function) = syn::parse2::<ImplItemFn>(item.clone()) {
        return expand::function(&args, &mut function);
    }
    match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Impl(block)) => methods(&args, block),
        Ok(Item::Trait(item)) => Err(syn::Error::new_spanned(
            item.ident,
            "`#[consistency]` goes on the methods of the `impl`, not on the trait: the level is how this \
             implementation reads",
        )),
        Ok(other) => Err(syn::Error::new_spanned(
            other,
            "`#[consistency]` goes on functions, methods and `impl` blocks",
        )),
        Err(error) => Err(error),
    }
}

/// Expands an `impl` block, whose level is the default of its methods.
fn methods(args: &Args, mut block: ItemImpl) -> syn::Result<TokenStream> {
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let has_its_own = method.attrs.iter().any(args::is_consistency);
        if !has_its_own && signature::takes_a_handle(&method.sig) {
            *item = ImplItem::Verbatim(expand::function(args, method)?);
        }
    }
    Ok(quote::quote!(#block))
}

/// Returns the item without the attributes that only this macro understands.
fn without_vouching(item: TokenStream) -> TokenStream {
    match syn::parse2::<ImplItemFn>(item.clone()) {
        Ok(mut function) => {
            body::take_vouching(&mut function.block);
            quote::quote!(#function)
        }
        Err(_) => item,
    }
}
