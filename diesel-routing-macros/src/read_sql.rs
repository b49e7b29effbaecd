//! `read_sql!`.

#[cfg(test)]
mod tests;

use diesel_routing_sql::{Dialect, Finding, Functions, inspect};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Token};

/// Expands `read_sql!(..)` to a value of the checked type, and an error next to it if the check finds one.
pub(crate) fn expand(input: TokenStream, dialect: Dialect) -> TokenStream {
    let literal = match one_literal.parse2(input) {
        Ok(literal) => literal,
        Err(error) => return with_error(&error, &LitStr::new("", Span::mixed_site()), dialect),
    };
    match inspect(&literal.value(), dialect, &Functions::builtin(dialect)) {
        Ok(()) => checked(&literal, dialect),
        Err(finding) => {
            let error = syn::Error::new(literal.span(), explain(&finding));
            with_error(&error, &literal, dialect)
        }
    }
}

fn one_literal(input: ParseStream<'_>) -> syn::Result<LitStr> {
    if !input.peek(LitStr) {
        return Err(syn::Error::new(
            input.span(),
            "expected a string literal, since the SQL is checked while the program is compiled; \
             check SQL that is built at run time with `ReadSql::check`",
        ));
    }
    let literal = input.parse::<LitStr>()?;
    input.parse::<Option<Token![,]>>()?;
    if !input.is_empty() {
        return Err(input.error(
            "expected nothing but the string literal; add values with `.bind::<Type, _>(value)`",
        ));
    }
    if !literal.suffix().is_empty() {
        return Err(syn::Error::new(
            literal.span(),
            "expected a string literal without a suffix",
        ));
    }
    Ok(literal)
}

fn checked(literal: &LitStr, dialect: Dialect) -> TokenStream {
    let span = Span::mixed_site().located_at(literal.span());
    let backend = Ident::new(backend(dialect), span);
    quote_spanned! {span=>
        ::diesel_routing::__private::read_sql_checked::<::diesel_routing::__private::#backend>(#literal)
    }
}

fn with_error(error: &syn::Error, literal: &LitStr, dialect: Dialect) -> TokenStream {
    let error = error.to_compile_error();
    let value = checked(literal, dialect);
    quote!({ #error #value })
}

fn backend(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Mysql => "Mysql",
        Dialect::Sqlite => "Sqlite",
        _ => "Pg",
    }
}

/// Describes the finding, and the next thing to type.
fn explain(finding: &Finding) -> String {
    let way_out = match finding {
        Finding::Empty => "write the SELECT between the quotes",
        Finding::SeveralStatements => "give each statement a `read_sql!` of its own",
        Finding::Unparsable { .. } => {
            "if the server does take it, vouch for it with `ReadSql::vouch`"
        }
        _ => {
            "run it on a `WriteConn` with `sql_query`, or, if you know better, vouch for it with `ReadSql::vouch`"
        }
    };
    format!("{finding}\n{way_out}")
}
