//! An async function as one that returns a future, of whose type the compiler knows nothing where a source is too weak.
//!
//! The compiler requires the type of an `async` function's future to be well-formed, and reports a weak source where it is passed, where the
//! function is called, and where the future is awaited. The type of this one follows from the proof that the source may serve.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, FnArg, GenericParam, Ident, ImplItemFn, Pat, PatIdent, PatType, Path, ReturnType,
    Type, parse_quote, parse_quote_spanned,
};

use super::signature::Handle;

/// Attributes that mean the same on a function that returns a future. Others may ask whether it is `async`.
const INERT: [&str; 8] = [
    "allow",
    "cfg",
    "cold",
    "deny",
    "deprecated",
    "doc",
    "inline",
    "warn",
];

/// The bound of a function's source.
pub(super) struct Source {
    /// The trait.
    pub(super) acquire: TokenStream,
    pub(super) level: TokenStream,
    /// The type of the handle.
    pub(super) ty: Box<Type>,
}

impl Source {
    /// Changes the parameter's type to anything that can provide the handle.
    pub(super) fn take(&self, parameter: &mut PatType, handle: &Handle) {
        let Self { acquire, level, ty } = self;
        *parameter.ty = parse_quote_spanned!(ty.span()=> impl #acquire<#level, #ty>);
        *parameter.pat = plain(handle.name.clone());
    }
}

/// Returns whether callers notice nothing of the change. Type parameters are counted by who writes them out (`find::<User>(..)`), and
/// `impl` in the output has rules of its own.
pub(super) fn fits(function: &ImplItemFn) -> bool {
    let ImplItemFn { attrs, sig, .. } = function;
    let mut parameters = sig.generics.params.iter();
    sig.asyncness.is_some()
        && attrs.iter().all(is_inert)
        && parameters.all(|parameter| matches!(parameter, GenericParam::Lifetime(_)))
        && sig.inputs.iter().all(|input| match input {
            FnArg::Receiver(receiver) => receiver.attrs.is_empty(),
            FnArg::Typed(parameter) => parameter.attrs.is_empty(),
        })
        && !has_impl(&sig.output)
}

/// Returns the function, with a body that is complete but for its source.
pub(super) fn function(
    root: &Path,
    function: &ImplItemFn,
    handle: &Handle,
    source: &Source,
) -> TokenStream {
    let documented = documented(function, handle, source);
    let Source { acquire, level, ty } = source;
    let mut function = function.clone();
    let signature = &mut function.sig;
    let answer: Type = match &signature.output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    signature.asyncness = None;
    // The `impl` is of this crate's edition, so it captures every lifetime, as an `async` function's does.
    signature.output = parse_quote! {
        -> __Admission::Future<impl ::core::future::Future<Output = #answer>>
    };
    let generics = &mut signature.generics;
    generics.params.push(parse_quote!(__Source));
    generics.params.push(parse_quote!(__Admission));
    let bounds = &mut generics.make_where_clause().predicates;
    bounds.push(parse_quote_spanned! {ty.span()=>
        __Source: #acquire<#level, #ty, Admission = __Admission>
    });
    bounds.push(parse_quote!(__Admission: #root::consistency::Admission));
    let mut held = Vec::new();
    for (index, input) in signature.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Typed(parameter) if index == handle.index => {
                *parameter.ty = parse_quote!(__Source);
                *parameter.pat = plain(handle.name.clone());
            }
            FnArg::Typed(parameter) => held.push(hold(parameter, index)),
            FnArg::Receiver(receiver) if receiver.reference.is_none() => {
                held.push(quote!(let _ = &self;));
            }
            FnArg::Receiver(_) => {}
        }
    }
    let statements = &function.block.stmts;
    let shown = Ident::new("shown", Span::mixed_site());
    // Shows the block's type to the compiler, which an `async` function's block knows.
    let shows = quote! {
        #[allow(clippy::diverging_sub_expression)]
        if let ::core::option::Option::Some(#shown) = ::core::option::Option::None::<#answer> {
            return #shown;
        }
    };
    let span = function.block.span();
    function.block = parse_quote_spanned! {span=> {
        <__Admission as #root::consistency::Admission>::future(async move {
            #(#held)*
            #shows
            #(#statements)*
        })
    }};
    quote! {
        #documented
        #[cfg(not(doc))]
        #function
    }
}

/// Returns the function as its documentation has it.
fn documented(function: &ImplItemFn, handle: &Handle, source: &Source) -> TokenStream {
    let mut function = function.clone();
    if let Some(FnArg::Typed(parameter)) = function.sig.inputs.get_mut(handle.index) {
        source.take(parameter, handle);
    }
    function.block = parse_quote!({ loop {} });
    quote! {
        #[cfg(doc)]
        #function
    }
}

/// Names a parameter, and returns the statement that keeps it in the future, used or not, as an `async` function does.
fn hold(parameter: &mut PatType, index: usize) -> TokenStream {
    let pattern = (*parameter.pat).clone();
    // The author's, so that the compiler advises as it would without the attribute.
    let span = pattern.span();
    if let Pat::Ident(PatIdent {
        by_ref: None,
        ident,
        subpat: None,
        ..
    }) = &pattern
    {
        *parameter.pat = plain(ident.clone());
        return quote_spanned!(span=> let #pattern = #ident;);
    }
    let ident = format_ident!("__argument_{index}", span = Span::mixed_site());
    *parameter.pat = plain(ident.clone());
    quote_spanned! {span=>
        let #ident = #ident;
        let #pattern = #ident;
    }
}

fn plain(ident: Ident) -> Pat {
    Pat::Ident(PatIdent {
        attrs: Vec::new(),
        by_ref: None,
        mutability: None,
        ident,
        subpat: None,
    })
}

fn is_inert(attribute: &Attribute) -> bool {
    INERT.iter().any(|name| attribute.path().is_ident(name))
}

fn has_impl(output: &ReturnType) -> bool {
    struct Finder(bool);

    impl VisitMut for Finder {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            self.0 |= matches!(ty, Type::ImplTrait(_));
            visit_mut::visit_type_mut(self, ty);
        }
    }

    let mut finder = Finder(false);
    finder.visit_return_type_mut(&mut output.clone());
    finder.0
}
