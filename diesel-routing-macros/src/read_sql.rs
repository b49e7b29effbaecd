//! `read_sql!`.

mod file;
#[cfg(test)]
mod tests;

use diesel_routing_sql::{Dialect, Finding, Functions, inspect};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Token};

use file::SqlFile;

/// Expands `read_sql!(..)` to a value of the checked type, and an error next to it if the check finds one.
pub(crate) fn expand(input: TokenStream, dialect: Dialect) -> TokenStream {
    match source.parse2(input) {
        Ok(Source::Literal(literal)) => expand_literal(&literal, dialect),
        Ok(Source::File(path)) => expand_file(path, dialect),
        Err(error) => with_error(&error, &no_literal(), dialect),
    }
}

/// The place of the SQL.
enum Source {
    Literal(LitStr),
    /// The path of a file.
    File(LitStr),
}

fn source(input: ParseStream<'_>) -> syn::Result<Source> {
    if input.peek(Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
        let word = input.parse::<Ident>()?;
        if word != "file" {
            return Err(syn::Error::new(
                word.span(),
                "expected a string literal, or `file = \"..\"` for SQL in a file",
            ));
        }
        input.parse::<Token![=]>()?;
        return one_literal(input, "the path of a file, as a string literal").map(Source::File);
    }
    one_literal(
        input,
        "a string literal, since the SQL is checked while the program is compiled; check SQL that is built at run time with \
         `ReadSql::check`, and write `file = \"..\"` for SQL in a file",
    )
    .map(Source::Literal)
}

fn expand_literal(literal: &LitStr, dialect: Dialect) -> TokenStream {
    match inspect(&literal.value(), dialect, &Functions::builtin(dialect)) {
        Ok(()) => checked(literal, dialect),
        Err(finding) => {
            let error = syn::Error::new(literal.span(), explain(&finding));
            with_error(&error, literal, dialect)
        }
    }
}

/// Expands to the text that was checked, and not to the file as it may be a moment later.
fn expand_file(path: LitStr, dialect: Dialect) -> TokenStream {
    let file = match SqlFile::read(path) {
        Ok(file) => file,
        Err(error) => return with_error(&error, &no_literal(), dialect),
    };
    let error = match inspect(&file.text, dialect, &Functions::builtin(dialect)) {
        Ok(()) => None,
        Err(finding) => Some(file.error(&finding, dialect).to_compile_error()),
    };
    let tracked = file.tracked();
    let value = checked(&file.literal(), dialect);
    quote!({ #error #tracked #value })
}

fn no_literal() -> LitStr {
    LitStr::new("", Span::mixed_site())
}

fn one_literal(input: ParseStream<'_>, expected: &str) -> syn::Result<LitStr> {
    if !input.peek(LitStr) {
        return Err(syn::Error::new(
            input.span(),
            format!("expected {expected}"),
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
