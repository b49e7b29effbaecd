//! Registers a function in its program's inventory.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{
    Attribute, Expr, ExprLit, GenericArgument, Lit, Meta, Path, PathArguments, Signature, Stmt,
    Type, parse_quote,
};

use super::args::Args;

/// The facts about a function beside its attribute.
pub(super) struct Registered<'a> {
    pub(super) signature: &'a Signature,
    pub(super) attributes: &'a [Attribute],
    /// The type that the function's level is read from, where the attribute names none.
    pub(super) handle: Option<&'a Type>,
    pub(super) is_async: bool,
}

/// Returns a statement that registers the function; `about` makes its description for a level that has this value.
pub(super) fn statement(
    args: &Args,
    function: &Registered<'_>,
    about: impl FnOnce(TokenStream) -> TokenStream,
) -> Stmt {
    let Args { root, .. } = args;
    let level = match (args.level, function.handle) {
        (Some((level, _)), _) => Some(level.value()),
        (None, Some(ty)) => of_handle(ty),
        (None, None) => None,
    };
    // A constant cannot name the type: it may be of the function's generic parameters, or of its `impl`'s.
    let unknown = level.is_none().then(|| quote!(.without_known_level()));
    let level = level.unwrap_or_else(|| quote!(Strong));
    let about = about(quote!(#root::Level::#level));
    let line = line(function.signature.ident.span());
    let doc = first_paragraph(function.attributes);
    let doc = (!doc.is_empty()).then(|| quote!(.documented(#doc)));
    let is_async = function.is_async;
    parse_quote! {
        #root::__register! {
            #root::__private::Registration::new(
                #about, ::core::module_path!(), ::core::file!(), #line, #is_async
            ) #unknown #doc
        }
    }
}

/// Returns the level of a handle whose type says it by name.
fn of_handle(ty: &Type) -> Option<TokenStream> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident == "WriteConn" {
        return Some(quote!(Write));
    }
    if last.ident != "ReadConn" {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let Some(GenericArgument::Type(Type::Path(role))) = arguments.args.first() else {
        return None;
    };
    match &*last_name(&role.path)? {
        "Replica" => Some(quote!(Eventual)),
        "CaughtUp" => Some(quote!(Session)),
        "Primary" => Some(quote!(Strong)),
        _ => None,
    }
}

fn last_name(path: &Path) -> Option<String> {
    path.segments
        .last()
        .map(|segment| segment.ident.to_string())
}

/// Returns the line of the function's name. `line!()` is the attribute's, which on an `impl` block is that of all its methods.
fn line(name: Span) -> TokenStream {
    if proc_macro::is_available() {
        let line = u32::try_from(name.unwrap().line()).unwrap_or(0);
        quote!(#line)
    } else {
        quote!(::core::line!())
    }
}

/// Returns the first paragraph of the documentation, on one line.
fn first_paragraph(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        let Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) = &pair.value
        else {
            return None;
        };
        pair.path.is_ident("doc").then(|| text.value())
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let words = text.trim_start().lines().map(str::trim);
    let paragraph: Vec<_> = words.take_while(|line| !line.is_empty()).collect();
    paragraph.join(" ")
}
