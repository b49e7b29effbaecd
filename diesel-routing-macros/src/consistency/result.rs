//! What the function returns: its failure to get a connection, too.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, Ident, Path, PathArguments, ReturnType, Signature, Type};

use super::body::at;

/// The function's return type, as far as it is written.
pub(super) struct Output<'a> {
    ty: Option<&'a Type>,
    signature: &'a Signature,
    is_boxed: bool,
}

/// Returns the type, unless it is a future of a function that is not `async`. `boxed` says that its body is a boxed `async` block.
pub(super) fn of(signature: &Signature, boxed: bool) -> syn::Result<Output<'_>> {
    let ty = match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(&**ty),
    };
    let is_future = signature.asyncness.is_none() && !boxed && ty.is_some_and(is_future);
    if let Some(ty) = ty.filter(|_| is_future) {
        return Err(syn::Error::new_spanned(
            ty,
            "the attribute goes on functions that are `async`, or that block: write `async fn`, and return the future's output, a \
             `Result` with `diesel_routing::Error` or with an error that has `From<diesel_routing::Error>`",
        ));
    }
    Ok(Output {
        ty,
        signature,
        is_boxed: boxed,
    })
}

impl Output<'_> {
    /// Returns the expression that returns `error`, reported where the type stands if that cannot say so.
    pub(super) fn failed(&self, root: &Path, error: &Ident) -> TokenStream {
        let span = match self.ty {
            Some(ty) => ty.span(),
            None => self.signature.ident.span(),
        };
        let root = at(root, span);
        quote_spanned!(span=> return #root::__private::failed(#error))
    }

    /// Returns the type, where it may stand inside a body as well.
    pub(super) fn annotation(&self) -> Option<TokenStream> {
        // That of a boxed future is not what its block returns.
        let mut ty = self.ty.filter(|_| !self.is_boxed)?.clone();
        Inferred.visit_type_mut(&mut ty);
        Some(ty.into_token_stream())
    }
}

/// Leaves to the compiler what `impl` stands for, which may not stand inside a body.
struct Inferred;

impl VisitMut for Inferred {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if matches!(ty, Type::ImplTrait(_)) {
            *ty = syn::parse_quote!(_);
        } else {
            visit_mut::visit_type_mut(self, ty);
        }
    }
}

/// Returns whether it is `impl Future`, or a boxed one.
fn is_future(ty: &Type) -> bool {
    match ty {
        Type::ImplTrait(it) => it
            .bounds
            .iter()
            .any(|bound| names_a_future(bound.to_token_stream())),
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else {
                return false;
            };
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return false;
            };
            let mut boxed = arguments.args.iter().filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            });
            last.ident == "BoxFuture"
                || last.ident == "Pin" && boxed.any(|ty| names_a_future(ty.to_token_stream()))
        }
        _ => false,
    }
}

fn names_a_future(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(word) => word == "Future",
        proc_macro2::TokenTree::Group(group) => names_a_future(group.stream()),
        _ => false,
    })
}
