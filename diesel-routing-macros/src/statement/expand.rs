//! The expansion of `#[derive(Statement)]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{DeriveInput, Generics, Ident, Type};

use super::args::{Args, Effect};

/// Returns the impl of `Statement`.
pub(crate) fn implement(input: &DeriveInput, args: &Args) -> TokenStream {
    let span = Span::mixed_site().located_at(input.ident.span());
    let krate = match &args.krate {
        Some(path) => path.to_token_stream(),
        None => quote_spanned!(span=> ::diesel_routing),
    };
    match &args.effect {
        Effect::Is(effect) => by_word(input, &krate, effect, span),
        Effect::OfField(field) => by_field(input, &krate, field, span),
    }
}

fn by_word(input: &DeriveInput, krate: &TokenStream, effect: &Ident, span: Span) -> TokenStream {
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    quote_spanned! {span=>
        #[automatically_derived]
        impl #impl_generics #krate::Statement<#krate::__private::Derived> for #name #type_generics #where_clause {
            type Effect = #krate::effect::#effect;
        }
    }
}

fn by_field(input: &DeriveInput, krate: &TokenStream, field: &Type, span: Span) -> TokenStream {
    let name = &input.ident;
    let marker = unused_name(&input.generics, span);
    let mut generics = input.generics.clone();
    generics
        .params
        .push(syn::TypeParam::from(marker.clone()).into());
    let (impl_generics, _, _) = generics.split_for_impl();
    let (_, type_generics, where_clause) = input.generics.split_for_impl();
    let predicates = where_clause
        .map(|clause| &clause.predicates)
        .into_iter()
        .flatten();
    quote_spanned! {span=>
        #[automatically_derived]
        impl #impl_generics #krate::Statement<#krate::__private::AsField<#marker>> for #name #type_generics
        where
            #(#predicates,)*
            #field: #krate::Statement<#marker>,
        {
            type Effect = <#field as #krate::Statement<#marker>>::Effect;
        }
    }
}

/// Returns a type parameter's name that does not occur in the type's own generics.
fn unused_name(generics: &Generics, span: Span) -> Ident {
    let mut name = format_ident!("__M", span = span);
    while generics.type_params().any(|param| param.ident == name)
        || generics.const_params().any(|param| param.ident == name)
    {
        name = format_ident!("{name}_", span = span);
    }
    name
}
