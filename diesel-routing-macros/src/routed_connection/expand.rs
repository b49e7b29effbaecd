//! The expansion of `#[derive(RoutedConnection)]`: each method asks the variant.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::read::{Connections, Variant};

/// Returns the impls of `RoutedConnection` and of what builds on it for the enum, and of `Dialect` for its backend.
pub(super) fn implement(connections: &Connections) -> TokenStream {
    let span = Span::mixed_site().located_at(connections.name.span());
    let krate = match &connections.krate {
        Some(path) => path.to_token_stream(),
        None => quote_spanned!(span=> ::diesel_routing),
    };
    let mut tokens = dialect(connections, &krate, span);
    tokens.extend(connection(connections, &krate, span));
    tokens.extend(of_migrations(connections, &krate, span));
    tokens.extend(of_tests(connections, &krate, span));
    tokens
}

/// Returns the impl of `Dialect`. `MultiBackend` is the name that Diesel's derive gives the backend, in the enum's module.
fn dialect(connections: &Connections, krate: &TokenStream, span: Span) -> TokenStream {
    let Connections { variants, .. } = connections;
    let Some(Variant {
        name: first,
        connection: first_connection,
    }) = variants.first()
    else {
        return TokenStream::new();
    };
    let backend = |connection: &syn::Type| quote_spanned!(span=> <#connection as ::diesel::Connection>::Backend);
    let first_backend = backend(first_connection);
    let names: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    let backends: Vec<_> = variants
        .iter()
        .map(|variant| backend(&variant.connection))
        .collect();
    let dialect = quote_spanned!(span=> #krate::Dialect);
    let language = quote_spanned!(span=> #krate::__private::Language);
    let words = ["read_only", "begin_snapshot", "begin_locking"].map(|method| {
        let method = syn::Ident::new(method, span);
        quote_spanned! {span=>
            fn #method(&self) -> &'static str {
                match self {
                    #(Self::#names(backend) => #dialect::#method(backend),)*
                }
            }
        }
    });
    quote_spanned! {span=>
        #[automatically_derived]
        impl #dialect for MultiBackend {
            const SQL: #language = <#first_backend as #dialect>::SQL;
            const LANGUAGES: &'static [#language] = &[#(<#backends as #dialect>::SQL,)*];

            fn of(language: #language) -> Self {
                #(
                    if <#backends as #dialect>::SQL == language {
                        return Self::#names(<#backends as #dialect>::of(language));
                    }
                )*
                Self::#first(<#first_backend as #dialect>::of(language))
            }

            fn sql(&self) -> #language {
                match self {
                    #(Self::#names(backend) => #dialect::sql(backend),)*
                }
            }

            fn query_builder(&self) -> <Self as ::diesel::backend::Backend>::QueryBuilder {
                match self {
                    #(Self::#names(backend) => {
                        <<Self as ::diesel::backend::Backend>::QueryBuilder>::#names(#dialect::query_builder(backend))
                    })*
                }
            }

            #(#words)*

            fn begin(&self, characteristics: &#krate::__private::Characteristics) -> ::std::string::String {
                match self {
                    #(Self::#names(backend) => #dialect::begin(backend, characteristics),)*
                }
            }
        }
    }
}

/// Returns the impl of `RoutedConnection`.
fn connection(connections: &Connections, krate: &TokenStream, span: Span) -> TokenStream {
    let Connections { name, variants, .. } = connections;
    let names: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    let types: Vec<_> = variants.iter().map(|variant| &variant.connection).collect();
    let routed = quote_spanned!(span=> #krate::sync::RoutedConnection);
    let dialect = quote_spanned!(span=> #krate::Dialect);
    let private = quote_spanned!(span=> #krate::__private);
    let language = quote_spanned!(span=> #private::Language);
    let methods = methods(&names, &routed, list(krate, span), span);
    quote_spanned! {span=>
        #[automatically_derived]
        impl #routed for #name {
            fn open(url: &str) -> ::diesel::ConnectionResult<Self> {
                let language = #private::language_of(url, <MultiBackend as #dialect>::LANGUAGES)?;
                #(
                    if <<#types as ::diesel::Connection>::Backend as #dialect>::SQL == language {
                        return <#types as #routed>::open(url).map(Self::#names);
                    }
                )*
                #private::no_variant(language)
            }

            fn dialect(&self) -> MultiBackend {
                match self {
                    #(Self::#names(conn) => MultiBackend::#names(#routed::dialect(conn)),)*
                }
            }

            fn abilities(language: #language) -> #private::Abilities {
                #(
                    if <<#types as ::diesel::Connection>::Backend as #dialect>::SQL == language {
                        return <#types as #routed>::abilities(language);
                    }
                )*
                #private::Abilities::NONE
            }

            #methods
        }
    }
}

/// Returns the impl of `MigratedConnection`, for builds that run migrations.
fn of_migrations(connections: &Connections, krate: &TokenStream, span: Span) -> TokenStream {
    let Connections { name, variants, .. } = connections;
    let names: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    let migrated = quote_spanned!(span=> #krate::sync::MigratedConnection);
    let texts = quote_spanned!(span=> ::std::vec::Vec<::std::string::String>);
    let list = vec![
        (
            "lock_migrations",
            vec![quote_spanned!(span=> limit: ::core::time::Duration)],
            quote_spanned!(span=> #krate::MigrationLock),
        ),
        ("unlock_migrations", vec![], quote_spanned!(span=> ())),
        ("migration_versions", vec![], texts),
    ];
    let methods = methods(&names, &migrated, list, span);
    quote_spanned! {span=>
        #krate::__if_migrations! {
            #[automatically_derived]
            impl #migrated for #name {
                #methods

                fn in_harness<T>(
                    mut conn: #krate::sync::WriteConn<Self>,
                    job: impl ::core::ops::FnOnce(&mut dyn #krate::MigrationSteps<MultiBackend>) -> T,
                ) -> (#krate::sync::WriteConn<Self>, T) {
                    let done = job(&mut conn);
                    (conn, done)
                }
            }
        }
    }
}

/// Returns the impl of `TestDatabase`, for builds that have it.
fn of_tests(connections: &Connections, krate: &TokenStream, span: Span) -> TokenStream {
    let Connections { name, variants, .. } = connections;
    let names: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    let database = quote_spanned!(span=> #krate::sync::TestDatabase);
    let texts = quote_spanned!(span=> ::std::vec::Vec<::std::string::String>);
    let methods = methods(&names, &database, vec![("left", vec![], texts)], span);
    quote_spanned! {span=>
        #krate::__if_test_util! {
            #[automatically_derived]
            impl #database for #name {
                #methods
            }
        }
    }
}

/// A method that does nothing but ask the variant: its name, its parameters, and what it returns.
type Method = (&'static str, Vec<TokenStream>, TokenStream);

/// Returns such methods of `RoutedConnection`.
fn list(krate: &TokenStream, span: Span) -> Vec<Method> {
    let facts = quote_spanned!(span=> facts: &#krate::ServerFacts);
    let flag = |name: &str| {
        let name = syn::Ident::new(name, span);
        quote_spanned!(span=> #name: bool)
    };
    let some = quote_spanned!(span=> ::core::option::Option);
    let role = quote_spanned!(span=> #some<#krate::NodeRole>);
    let introduction = quote_spanned!(span=> #krate::Introduction);
    let unit = quote_spanned!(span=> ());
    vec![
        ("node_role", vec![], role.clone()),
        (
            "role_and_mode",
            vec![],
            quote_spanned!(span=> (#role, #some<bool>)),
        ),
        (
            "observe",
            vec![facts.clone()],
            quote_spanned!(span=> #some<#krate::Observation>),
        ),
        (
            "diagnose",
            vec![facts.clone()],
            quote_spanned!(span=> #krate::Diagnosis),
        ),
        (
            "connections_in_use",
            vec![facts.clone()],
            quote_spanned!(span=> #some<f64>),
        ),
        (
            "wait_for",
            vec![
                quote_spanned!(span=> required: &#krate::Position),
                quote_spanned!(span=> limit: ::core::time::Duration),
                facts.clone(),
            ],
            quote_spanned!(span=> bool),
        ),
        ("set_causal_reads", vec![flag("on")], unit.clone()),
        (
            "facts",
            vec![flag("positions")],
            quote_spanned!(span=> #krate::ServerFacts),
        ),
        (
            "introduce",
            vec![flag("positions"), flag("read_only")],
            introduction.clone(),
        ),
        ("introduce_aurora", vec![flag("read_only")], introduction),
        (
            "shares",
            vec![quote_spanned!(span=> backend: u64)],
            quote_spanned!(span=> bool),
        ),
        (
            "checksum",
            vec![
                quote_spanned!(span=> table: &#krate::TableName),
                quote_spanned!(span=> limits: &#krate::ChecksumLimits),
                facts,
            ],
            quote_spanned!(span=> #some<#krate::Checksum>),
        ),
        ("reset", vec![flag("read_only")], unit.clone()),
        (
            "change_settings",
            vec![quote_spanned!(span=> changes: &#krate::SettingChanges<'_>)],
            unit.clone(),
        ),
        ("begin_with", vec![quote_spanned!(span=> sql: &str)], unit),
    ]
}

/// Returns methods of a trait that do nothing but ask the variant.
fn methods(names: &[&syn::Ident], of: &TokenStream, list: Vec<Method>, span: Span) -> TokenStream {
    let result = quote_spanned!(span=> ::diesel::QueryResult);
    let methods = list.into_iter().map(|(method, parameters, returns)| {
        let method = syn::Ident::new(method, span);
        let arguments = parameters.iter().map(|parameter| {
            let name = parameter.clone().into_iter().next();
            quote_spanned!(span=> #name)
        });
        let arguments: Vec<_> = arguments.collect();
        let calls = names.iter().map(
            |name| quote_spanned!(span=> Self::#name(conn) => #of::#method(conn, #(#arguments),*),),
        );
        quote_spanned! {span=>
            fn #method(&mut self, #(#parameters),*) -> #result<#returns> {
                match self {
                    #(#calls)*
                }
            }
        }
    });
    methods.collect()
}
