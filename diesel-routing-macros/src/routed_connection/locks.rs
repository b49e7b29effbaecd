//! Row locks for `MultiBackend`, which Diesel's derive leaves out.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

/// Diesel's locking clauses that PostgreSQL and MySQL both have: their names in `diesel_routing::__private::locks`, and their SQL.
const LOCKS: [(&str, &str); 6] = [
    ("ForUpdate", " FOR UPDATE"),
    ("ForUpdateSkipLocked", " FOR UPDATE SKIP LOCKED"),
    ("ForUpdateNoWait", " FOR UPDATE NOWAIT"),
    ("ForShare", " FOR SHARE"),
    ("ForShareSkipLocked", " FOR SHARE SKIP LOCKED"),
    ("ForShareNoWait", " FOR SHARE NOWAIT"),
];

/// Returns the impls of `QueryFragment<MultiBackend>`.
pub(super) fn implement(krate: &TokenStream, span: Span) -> TokenStream {
    let impls = LOCKS.iter().map(|(name, sql)| {
        let name = Ident::new(name, span);
        quote_spanned! {span=>
            #[automatically_derived]
            impl ::diesel::query_builder::QueryFragment<MultiBackend> for #krate::__private::locks::#name {
                fn walk_ast<'b>(
                    &'b self,
                    pass: ::diesel::query_builder::AstPass<'_, 'b, MultiBackend>,
                ) -> ::diesel::QueryResult<()> {
                    #krate::__private::locks::write(pass, #sql)
                }
            }
        }
    });
    impls.collect()
}
