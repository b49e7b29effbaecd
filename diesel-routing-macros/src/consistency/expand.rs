//! The expansion of one function.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Block, Expr, FnArg, Ident, ImplItemFn, Pat, PatIdent, Path, Signature, Stmt, Type,
    parse_quote_spanned,
};

use super::args::{Args, On};
use super::body::{self, Findings};
use super::level::{self, nanos};
use super::register::{self, Registered};
use super::signature::{self, Handle, Kind};

/// Makes the function take its handle from whatever the caller passes.
///
/// The body stays in place, behind two statements, so `return`, `?` and completion work in it as
/// before.
pub(super) fn function(args: &Args, function: &mut ImplItemFn) -> syn::Result<TokenStream> {
    let handle = signature::find(&function.sig)?;
    let level = Level::of(args, &handle, &function.sig)?;
    let findings = match level {
        Level::Named(level, _) if !level.kind.may_be_a_replica() => {
            body::take_vouching(&mut function.block);
            Findings::default()
        }
        Level::Named(..) => body::check(&mut function.block, &args.root, None),
        Level::OfHandle(ty) => body::check(&mut function.block, &args.root, Some(ty)),
    };
    // `#[async_trait]` may have been expanded before: then the body is inside a boxed `async` block.
    let boxed = function.sig.asyncness.is_none() && boxed_body(&mut function.block).is_some();
    let is_async = boxed || function.sig.asyncness.is_some();
    let mut statements = Vec::new();
    if args.registers {
        let function = Registered {
            signature: &function.sig,
            attributes: &function.attrs,
            handle: match &level {
                Level::Named(..) => None,
                Level::OfHandle(ty) => Some(ty),
            },
            is_async,
        };
        statements.push(register::statement(args, &function, |level| {
            description(args, &level, function.signature)
        }));
    }
    statements.extend(findings.statements);
    statements.extend(checkout(args, &level, &function.sig, &handle, is_async));
    let body = if boxed {
        boxed_body(&mut function.block)
    } else {
        None
    };
    match body {
        Some(body) => {
            // After `if let Some(ret) = None::<..>`, which shows the block's type to the compiler.
            let first = usize::from(matches!(
                body.stmts.first(),
                Some(Stmt::Expr(Expr::If(_), _))
            ));
            body.stmts.splice(first..first, statements).for_each(drop);
        }
        None => function.block.stmts.splice(0..0, statements).for_each(drop),
    }
    take_source(args, &level, &mut function.sig, &handle, is_async)?;
    let errors = findings.errors;
    Ok(quote!(#errors #function))
}

/// Where the function's level stands.
enum Level<'a> {
    /// In the attribute.
    Named(level::Level, Span),
    /// In the type of its handle.
    OfHandle(&'a Type),
}

impl<'a> Level<'a> {
    fn of(args: &Args, handle: &'a Handle, signature: &Signature) -> syn::Result<Self> {
        match (args.level, &handle.kind) {
            (Some((level, span)), _) => Ok(Self::Named(level, span)),
            (None, Kind::Taken(ty)) => match signature::generic_role(ty, signature) {
                Some(role) => Err(syn::Error::new(
                    role.span(),
                    format!(
                        "with `class` alone, the handle's type has the level, and `{role}` may be any role: write the role, or add \
                         a level, as in `session, class = \"payments\"`"
                    ),
                )),
                None => Ok(Self::OfHandle(ty)),
            },
            (None, Kind::FromSession) => Err(syn::Error::new(
                args.class.span(),
                "with `class` alone, the handle's type has the level, and a `&Session` has none: add one, as in \
                 `session, class = \"payments\"`",
            )),
        }
    }

    /// Returns its type in `consistency::levels`.
    fn ty(&self, root: &Path) -> TokenStream {
        match self {
            Self::Named(level, span) => {
                let level = Ident::new(level.kind.word, *span);
                quote!(#root::consistency::levels::#level)
            }
            Self::OfHandle(ty) => {
                quote_spanned!(ty.span()=> <#ty as #root::consistency::levels::Promises>::Level)
            }
        }
    }

    /// Returns its value.
    fn value(&self, root: &Path) -> TokenStream {
        match self {
            Self::Named(level, _) => {
                let level = level.value();
                quote!(#root::Level::#level)
            }
            Self::OfHandle(ty) => {
                quote_spanned!(ty.span()=> <#ty as #root::consistency::levels::Promises>::LEVEL)
            }
        }
    }
}

/// Returns the statements that make a handle of the argument.
fn checkout(
    args: &Args,
    named: &Level<'_>,
    signature: &Signature,
    handle: &Handle,
    is_async: bool,
) -> Vec<Stmt> {
    let Args { root, .. } = args;
    let name = &handle.name;
    let level = named.ty(root);
    let function = about(args, named, signature);
    let acquire = acquire(args, is_async);
    let wait = is_async.then(|| quote!(.await));
    let span = name.span();
    let get = |ty: TokenStream| {
        quote_spanned! {span=>
            #[allow(unused_mut)]
            let mut #name = #acquire::<#level, #ty>::acquire(#name, #function)#wait?;
        }
    };
    let statements = match &handle.kind {
        Kind::Taken(ty) => {
            let get = get(quote!(#ty));
            // Of a level that the type itself has, there is nothing to check.
            let check = matches!(named, Level::Named(..))
                .then(|| quote_spanned!(ty.span()=> #root::__private::handle_of::<#level, #ty>();));
            quote_spanned! {ty.span()=>
                #check
                #get
                let #name: &mut #ty = &mut #name;
            }
        }
        Kind::FromSession => {
            let flavour = flavour(args, is_async);
            let weakest = match named {
                Level::Named(level, _) => level.kind.handle(&flavour, root),
                Level::OfHandle(ty) => quote!(#ty),
            };
            let get = get(weakest);
            quote_spanned! {span=>
                #get
                let #name = &mut *#name;
            }
        }
    };
    let block: Block = parse_quote_spanned!(span=> { #statements });
    block.stmts
}

/// Changes the parameter's type to anything that can provide the handle.
fn take_source(
    args: &Args,
    level: &Level<'_>,
    signature: &mut Signature,
    handle: &Handle,
    is_async: bool,
) -> syn::Result<()> {
    let Kind::Taken(ty) = &handle.kind else {
        return Ok(());
    };
    let (acquire, level) = (acquire(args, is_async), level.ty(&args.root));
    if let Some(FnArg::Typed(parameter)) = signature.inputs.get_mut(handle.index) {
        *parameter.ty = syn::parse2(quote_spanned!(ty.span()=> impl #acquire<#level, #ty>))?;
        *parameter.pat = Pat::Ident(PatIdent {
            attrs: Vec::new(),
            by_ref: None,
            mutability: None,
            ident: handle.name.clone(),
            subpat: None,
        });
    }
    Ok(())
}

/// Returns the function's description for the router, a constant.
fn about(args: &Args, level: &Level<'_>, signature: &Signature) -> TokenStream {
    let description = description(args, &level.value(&args.root), signature);
    quote!(const { &#description })
}

/// Returns an expression for the function's description, at the level with this value.
fn description(args: &Args, level: &TokenStream, signature: &Signature) -> TokenStream {
    let Args { root, .. } = args;
    let path = match &args.name {
        Some(name) => quote!(#name),
        None => {
            let name = signature.ident.to_string();
            quote!(::core::concat!(::core::module_path!(), "::", #name))
        }
    };
    let wait = args.wait.map(|wait| {
        let nanos = nanos(wait);
        quote!(.waiting(::core::time::Duration::from_nanos(#nanos)))
    });
    let on = args.on.as_ref().map(|On { tag, otherwise }| {
        // Without one, it is the default.
        let otherwise = otherwise
            .as_ref()
            .filter(|word| *word != "or_any_replica")
            .map(|word| quote!(.#word()));
        quote!(.on(#tag) #otherwise)
    });
    let class = args.class.as_ref().map(|class| quote!(.of_class(#class)));
    let untracked = args.is_untracked.then(|| quote!(.untracked()));
    quote!(#root::consistency::Function::new(#path, #level) #wait #on #class #untracked)
}

/// Returns the path of a flavour's handles.
fn flavour(args: &Args, is_async: bool) -> Path {
    let Args { root, .. } = args;
    if is_async {
        root.clone()
    } else {
        syn::parse_quote!(#root::sync)
    }
}

fn acquire(args: &Args, is_async: bool) -> TokenStream {
    let flavour = flavour(args, is_async);
    let module = is_async
        .then(|| format_ident!("consistency"))
        .map(|module| quote!(#module::));
    quote!(#flavour::#module Acquire)
}

/// Returns the block inside `Box::pin(async move { .. })`, if the body is nothing else.
fn boxed_body(block: &mut Block) -> Option<&mut Block> {
    let [Stmt::Expr(Expr::Call(call), None)] = block.stmts.as_mut_slice() else {
        return None;
    };
    let Expr::Path(function) = &*call.func else {
        return None;
    };
    let names: Vec<_> = function
        .path
        .segments
        .iter()
        .map(|segment| &segment.ident)
        .collect();
    let [.., container, pin] = names.as_slice() else {
        return None;
    };
    if *container != "Box" || *pin != "pin" {
        return None;
    }
    match call.args.first_mut() {
        Some(Expr::Async(body)) if !body.block.stmts.is_empty() => Some(&mut body.block),
        _ => None,
    }
}
