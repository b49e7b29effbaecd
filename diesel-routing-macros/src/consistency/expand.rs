//! The expansion of one function.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Block, Expr, FnArg, Ident, ImplItemFn, Path, Signature, Stmt, Type, parse_quote_spanned,
};

use super::args::{Args, On};
use super::body::{self, Findings};
use super::future::{self, Source};
use super::level::{self, nanos};
use super::register::{self, Registered};
use super::result::{self, Output};
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
    signature::check_shared(&handle, &function.sig, is_async)?;
    let registration = args.registers.then(|| {
        let registered = Registered {
            signature: &function.sig,
            attributes: &function.attrs,
            handle: match &level {
                Level::Named(..) => None,
                Level::OfHandle(ty) => Some(ty),
            },
            is_async,
        };
        register::statement(args, &registered, |level| {
            description(args, &level, &function.sig)
        })
    });
    let expansion = Expansion {
        args,
        level: &level,
        signature: &function.sig,
        handle: &handle,
        is_async,
    };
    let output = result::of(&function.sig, boxed)?;
    let body = if boxed {
        boxed_body(&mut function.block)
    } else {
        None
    };
    // After `if let Some(ret) = None::<..>`, which shows the block's type to the compiler.
    let (body, first) = match body {
        Some(body) => {
            let shows = matches!(body.stmts.first(), Some(Stmt::Expr(Expr::If(_), _)));
            (body, usize::from(shows))
        }
        None => (&mut function.block, 0),
    };
    if args.retries {
        let inside = body.stmts.split_off(first);
        let findings = findings.statements;
        let inside = quote!(#(#findings)* #(#inside)*);
        body.stmts.extend(registration);
        body.stmts.extend(expansion.attempts(&output, &inside));
    } else {
        let mut statements: Vec<_> = registration.into_iter().collect();
        statements.extend(findings.statements);
        statements.extend(expansion.checkout(&output));
        body.stmts.splice(first..first, statements).for_each(drop);
    }
    let errors = findings.errors;
    let Some(source) = expansion.source() else {
        return Ok(quote!(#errors #function));
    };
    if future::fits(function) {
        let function = future::function(&args.root, function, &handle, &source);
        return Ok(quote!(#errors #function));
    }
    if let Some(FnArg::Typed(parameter)) = function.sig.inputs.get_mut(handle.index) {
        source.take(parameter, &handle);
    }
    Ok(quote!(#errors #function))
}

/// The place where the function's level stands.
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
            (None, Kind::Taken(ty) | Kind::Shared(ty)) => {
                match signature::generic_role(ty, signature) {
                    Some(role) => Err(syn::Error::new(
                        role.span(),
                        format!(
                            "with `class` alone, the handle's type has the level, and `{role}` may be any role: write the role, or add \
                         a level, as in `session, class = \"payments\"`"
                        ),
                    )),
                    None => Ok(Self::OfHandle(ty)),
                }
            }
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

/// The knowledge of the function.
struct Expansion<'a> {
    args: &'a Args,
    level: &'a Level<'a>,
    signature: &'a Signature,
    handle: &'a Handle,
    is_async: bool,
}

impl Expansion<'_> {
    /// Returns the statements that make a handle of the argument.
    fn checkout(&self, output: &Output<'_>) -> Vec<Stmt> {
        let (name, span) = (&self.handle.name, self.handle.name.span());
        let (ty, check) = self.handle_type();
        let (acquire, level, wait) = (self.acquire(), self.level(), self.wait());
        let function = about(self.args, self.level, self.signature);
        let error = Ident::new("error", Span::mixed_site());
        let failed = output.failed(&self.args.root, &error);
        let get = quote_spanned! {span=>
            #[allow(unused_mut)]
            let mut #name = match #acquire::<#level, #ty>::acquire(#name, #function)#wait {
                ::core::result::Result::Ok(handle) => handle,
                ::core::result::Result::Err(#error) => #failed,
            };
        };
        let bind = self.bind(&ty, name);
        statements(&quote_spanned!(span=> #check #get #bind), span)
    }

    /// Returns the statements that run the body, and once more on another node if that failed because of its node.
    fn attempts(&self, output: &Output<'_>, body: &TokenStream) -> Vec<Stmt> {
        let Args { root, .. } = self.args;
        let (name, span) = (&self.handle.name, self.handle.name.span());
        let (ty, check) = self.handle_type();
        let (acquire, level, wait) = (self.acquire(), self.level(), self.wait());
        let function = about(self.args, self.level, self.signature);
        let error = Ident::new("error", Span::mixed_site());
        let failed = output.failed(root, &error);
        // Names that no body has.
        let [source, avoid, again, held, attempt, answer] =
            ["source", "avoid", "again", "held", "attempt", "answer"]
                .map(|name| Ident::new(name, Span::mixed_site()));
        let attempts = self.attempt();
        let (begin, end) = match self.handle.kind {
            Kind::Shared(_) => (
                quote!(begin_shared(&mut #held, #again)),
                quote!(end_shared(&mut #held)),
            ),
            _ => (quote!(begin(&mut *#held, #again)), quote!(end(&mut *#held))),
        };
        let bind = self.bind(&ty, &held);
        let ty_of_answer = output.annotation();
        let (run, of_run) = if self.is_async {
            let run = quote_spanned!(span=> #attempt.answer(async { #bind #body }).await);
            let ty = ty_of_answer.map(|ty| quote!(: #root::consistency::Answer<#ty, _>));
            (run, ty)
        } else {
            let returns = ty_of_answer.as_ref().map(|ty| quote!(-> #ty));
            // A closure with a type needs a block, and `return` and `?` in the body need the closure.
            let run = quote_spanned!(span=> (|| #returns { #bind #body })());
            (run, ty_of_answer.map(|ty| quote!(: #ty)))
        };
        let end = if self.is_async {
            quote_spanned!(span=> #answer.#end.await)
        } else {
            quote_spanned!(span=> #attempt.end(&mut *#held, #answer))
        };
        let tokens = quote_spanned! {span=>
            #check
            let mut #source = #name;
            let mut #avoid = ::core::option::Option::None;
            loop {
                let #again = match #avoid {
                    ::core::option::Option::None => #acquire::<#level, #ty>::again(&#source),
                    ::core::option::Option::Some(_) => ::core::option::Option::None,
                };
                let #held = match #avoid {
                    ::core::option::Option::None => {
                        #acquire::<#level, #ty>::acquire(#source, #function)#wait
                    }
                    ::core::option::Option::Some(node) => {
                        #acquire::<#level, #ty>::acquire_again(#source, #function, node)#wait
                    }
                };
                let mut #held = match #held {
                    ::core::result::Result::Ok(handle) => handle,
                    ::core::result::Result::Err(#error) => #failed,
                };
                let #attempt = #attempts::#begin;
                #[allow(clippy::redundant_closure_call)]
                let #answer #of_run = #run;
                match #end {
                    #root::consistency::Ended::Done(answer) => return answer,
                    #root::consistency::Ended::Again(next, node) => {
                        #source = next;
                        #avoid = ::core::option::Option::Some(node);
                    }
                }
            }
        };
        statements(&tokens, span)
    }

    /// Returns the type of the handle, and the statement that checks it.
    fn handle_type(&self) -> (TokenStream, Option<TokenStream>) {
        let Args { root, .. } = self.args;
        match (&self.handle.kind, self.level) {
            (Kind::Taken(ty) | Kind::Shared(ty), Level::Named(..)) => {
                let level = self.level();
                let check =
                    quote_spanned!(ty.span()=> #root::__private::handle_of::<#level, #ty>(););
                (quote!(#ty), Some(check))
            }
            // Of a level that the type itself has, there is nothing to check.
            (Kind::Taken(ty) | Kind::Shared(ty), Level::OfHandle(_)) => (quote!(#ty), None),
            (Kind::FromSession, Level::Named(level, _)) => {
                let flavour = flavour(self.args, self.is_async);
                (level.kind.handle(&flavour, root), None)
            }
            (Kind::FromSession, Level::OfHandle(ty)) => (quote!(#ty), None),
        }
    }

    /// Returns the statement that gives the handle its name in the body.
    fn bind(&self, ty: &TokenStream, held: &Ident) -> TokenStream {
        let name = &self.handle.name;
        match &self.handle.kind {
            Kind::Taken(_) => quote_spanned!(name.span()=> let #name: &mut #ty = &mut #held;),
            Kind::Shared(_) => quote_spanned! {name.span()=>
                #[allow(unused_mut)]
                let mut #name: &#ty = &#held;
            },
            Kind::FromSession => quote_spanned!(name.span()=> let #name = &mut *#held;),
        }
    }

    /// Returns what takes the handle's place among the parameters.
    fn source(&self) -> Option<Source> {
        match &self.handle.kind {
            Kind::Taken(ty) | Kind::Shared(ty) => Some(Source {
                acquire: self.acquire(),
                level: self.level(),
                ty: ty.clone(),
            }),
            Kind::FromSession => None,
        }
    }

    fn acquire(&self) -> TokenStream {
        acquire(self.args, self.handle, self.is_async)
    }

    /// Returns the path of `Attempt`.
    fn attempt(&self) -> TokenStream {
        in_flavour(self.args, self.is_async, "Attempt")
    }

    fn level(&self) -> TokenStream {
        self.level.ty(&self.args.root)
    }

    fn wait(&self) -> Option<TokenStream> {
        self.is_async.then(|| quote!(.await))
    }
}

fn statements(tokens: &TokenStream, span: Span) -> Vec<Stmt> {
    let block: Block = parse_quote_spanned!(span=> { #tokens });
    block.stmts
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

fn acquire(args: &Args, handle: &Handle, is_async: bool) -> TokenStream {
    let name = match handle.kind {
        Kind::Shared(_) => "AcquireShared",
        Kind::Taken(_) | Kind::FromSession => "Acquire",
    };
    in_flavour(args, is_async, name)
}

/// Returns the path of what each flavour has of its own.
fn in_flavour(args: &Args, is_async: bool, name: &str) -> TokenStream {
    let flavour = flavour(args, is_async);
    let module = is_async
        .then(|| format_ident!("consistency"))
        .map(|module| quote!(#module::));
    let name = format_ident!("{name}");
    quote!(#flavour::#module #name)
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
