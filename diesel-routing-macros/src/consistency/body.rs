//! Checks of a body that types cannot make: row locks in sub-selects, and SQL in literals.

use diesel_routing_sql::{Dialect, Finding, Functions, inspect_fragment};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Block, Expr, ExprCall, ExprLit, ExprMethodCall, Item, Lit, Path, PathArguments,
    Stmt, Type, parse_quote_spanned,
};

use super::args::is_consistency;

/// Diesel's methods that lock rows.
const LOCKS: [&str; 4] = [
    "for_update",
    "for_no_key_update",
    "for_share",
    "for_key_share",
];

/// The findings in literals.
#[derive(Default)]
pub(super) struct Findings {
    /// Errors, to stand before the function.
    pub(super) errors: Option<TokenStream>,
    /// Statements that do not compile if the function may run on a replica, to stand in it.
    pub(super) statements: Vec<Stmt>,
}

/// Marks every lock, so that the compiler refuses those that are Diesel's, and looks into literals. Whether the function may run on a
/// replica, the type of its `handle` tells, if one is given; otherwise it may.
pub(super) fn check(block: &mut Block, root: &Path, handle: Option<&Type>) -> Findings {
    let mut checker = Checker {
        root: Some(root),
        handle,
        findings: None,
    };
    checker.visit_block_mut(block);
    let Some(handle) = handle else {
        return Findings {
            errors: checker.findings.map(|error| error.to_compile_error()),
            statements: Vec::new(),
        };
    };
    let findings = checker.findings.into_iter().flatten();
    let statements = findings.map(|error| {
        let (message, span) = (error.to_string(), error.span());
        let root = at(root, span);
        parse_quote_spanned! {span=>
            const _: () = if <#handle as #root::consistency::levels::Promises>::MAY_BE_A_REPLICA {
                ::core::panic!("{}", #message);
            };
        }
    });
    Findings {
        errors: None,
        statements: statements.collect(),
    }
}

/// Removes `#[consistency(vouch)]` from the statements, without any check.
pub(super) fn take_vouching(block: &mut Block) {
    let mut checker = Checker {
        root: None,
        handle: None,
        findings: None,
    };
    checker.visit_block_mut(block);
}

struct Checker<'a> {
    /// `None` if nothing is to be checked.
    root: Option<&'a Path>,
    /// The type of the handle, if that has the level.
    handle: Option<&'a Type>,
    findings: Option<syn::Error>,
}

impl Checker<'_> {
    fn find(&mut self, error: syn::Error) {
        match &mut self.findings {
            Some(findings) => findings.combine(error),
            none => *none = Some(error),
        }
    }
}

impl VisitMut for Checker<'_> {
    fn visit_stmt_mut(&mut self, statement: &mut Stmt) {
        let is_vouched = match statement {
            Stmt::Local(local) => take_vouch(&mut local.attrs),
            Stmt::Expr(expression, _) => attributes(expression).is_some_and(take_vouch),
            Stmt::Macro(call) => take_vouch(&mut call.attrs),
            Stmt::Item(_) => false,
        };
        if is_vouched {
            let root = self.root.take();
            visit_mut::visit_stmt_mut(self, statement);
            self.root = root;
        } else {
            visit_mut::visit_stmt_mut(self, statement);
        }
    }

    /// Skips functions inside the function, which have handles of their own.
    fn visit_item_mut(&mut self, _: &mut Item) {}

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        let Some(root) = self.root else { return };
        match expression {
            Expr::MethodCall(call) if is_lock(call) => {
                let (receiver, method) = (&call.receiver, &call.method);
                let turbofish = &call.turbofish;
                // Everything gets the call's span: the error belongs there.
                let root = at(root, method.span());
                let no_lock = match self.handle {
                    Some(handle) => {
                        let handle = at(handle, method.span());
                        quote_spanned! {method.span()=>
                            no_lock_at::<<#handle as #root::consistency::levels::Promises>::Level>
                        }
                    }
                    None => quote_spanned!(method.span()=> no_lock),
                };
                // For a query that Diesel can lock, this finds `Query`, for anything else `Anything`.
                *expression = parse_quote_spanned! {method.span()=> {
                    #[allow(unused_imports)]
                    use #root::consistency::{Anything as _, Query as _};
                    let query = #receiver;
                    (&#root::consistency::Probe(&query)).#no_lock();
                    query.#method #turbofish ()
                }};
            }
            Expr::Call(call) => {
                if let Some((literal, finding)) = sql_finding(call) {
                    self.find(syn::Error::new(
                        literal.span(),
                        format!(
                            "this function may run on a replica, and this SQL is not for one: {finding}; make \
                             the function `#[consistency(strong)]` or `#[consistency(write)]`, or, if it is \
                             harmless, write `#[consistency(vouch)]` before the statement"
                        ),
                    ));
                }
            }
            _ => {}
        }
    }
}

/// Returns the tokens with this span, where errors about them are reported.
pub(super) fn at(tokens: impl ToTokens, span: Span) -> TokenStream {
    let tokens = tokens.into_token_stream().into_iter();
    tokens
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

fn is_lock(call: &ExprMethodCall) -> bool {
    call.args.is_empty() && LOCKS.iter().any(|lock| call.method == lock)
}

/// Returns the finding in the literal of `sql::<..>("..")`.
fn sql_finding(call: &ExprCall) -> Option<(&syn::LitStr, Finding)> {
    let Expr::Path(function) = &*call.func else {
        return None;
    };
    let last = function.path.segments.last()?;
    if last.ident != "sql" || !matches!(last.arguments, PathArguments::AngleBracketed(_)) {
        return None;
    }
    let Some(Expr::Lit(ExprLit {
        lit: Lit::Str(literal),
        ..
    })) = call.args.first()
    else {
        return None;
    };
    // The backend is not known here; what any of them would do counts. A text that is not in one's
    // language is in another's.
    let sql = literal.value();
    let found = |dialect| inspect_fragment(&sql, dialect, &Functions::builtin(dialect));
    let finding = match (found(Dialect::Postgres), found(Dialect::Mysql)) {
        (Ok(()), Ok(()) | Err(Finding::Unparsable { .. }))
        | (Err(Finding::Unparsable { .. }), Ok(())) => return None,
        (Ok(()) | Err(Finding::Unparsable { .. }), Err(finding)) | (Err(finding), _) => finding,
    };
    Some((literal, finding))
}

fn take_vouch(attributes: &mut Vec<Attribute>) -> bool {
    let before = attributes.len();
    attributes.retain(|attribute| {
        let is_vouch = is_consistency(attribute)
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|word| word == "vouch");
        !is_vouch
    });
    attributes.len() < before
}

/// Returns the attributes of an expression that can be a statement.
fn attributes(expression: &mut Expr) -> Option<&mut Vec<Attribute>> {
    Some(match expression {
        Expr::Await(it) => &mut it.attrs,
        Expr::Block(it) => &mut it.attrs,
        Expr::Call(it) => &mut it.attrs,
        Expr::MethodCall(it) => &mut it.attrs,
        Expr::Try(it) => &mut it.attrs,
        Expr::Assign(it) => &mut it.attrs,
        Expr::ForLoop(it) => &mut it.attrs,
        Expr::If(it) => &mut it.attrs,
        Expr::Loop(it) => &mut it.attrs,
        Expr::Macro(it) => &mut it.attrs,
        Expr::Match(it) => &mut it.attrs,
        Expr::Return(it) => &mut it.attrs,
        Expr::While(it) => &mut it.attrs,
        _ => return None,
    })
}
