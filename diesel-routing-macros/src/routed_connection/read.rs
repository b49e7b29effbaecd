//! The enum that a `#[derive(RoutedConnection)]` stands on.

use quote::ToTokens;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, LitStr, Path, Type};

/// An enum of connections.
pub(super) struct Connections {
    pub(super) name: Ident,
    pub(super) variants: Vec<Variant>,
    /// The path of `diesel_routing`, if it is not `::diesel_routing`.
    pub(super) krate: Option<Path>,
}

/// A variant, and the connection inside.
pub(super) struct Variant {
    pub(super) name: Ident,
    pub(super) connection: Type,
}

const NO_ENUM: &str = "expected an enum with a connection in each variant, as `#[derive(diesel::MultiConnection)]` takes; for a \
     connection of your own, write `impl RoutedConnection`";
const NO_CONNECTION: &str =
    "expected one connection in each variant, as in `Postgres(PgConnection)`";
const GENERIC: &str =
    "expected an enum without parameters, as `#[derive(diesel::MultiConnection)]` does";
const CRATE_PATH: &str = "expected a path in a string, as in `crate = \"my_crate::routing\"`";
const WORDS: &str = "expected `crate = \"path\"`";

impl Connections {
    pub(super) fn read(input: DeriveInput) -> syn::Result<Self> {
        let krate = krate(&input.attrs)?;
        let Data::Enum(data) = input.data else {
            return Err(syn::Error::new(input.ident.span(), NO_ENUM));
        };
        if !input.generics.params.is_empty() {
            return Err(syn::Error::new_spanned(input.generics, GENERIC));
        }
        let variants = data.variants.into_iter().map(|variant| {
            let mistake = syn::Error::new(variant.ident.span(), NO_CONNECTION);
            let Fields::Unnamed(fields) = variant.fields else {
                return Err(mistake);
            };
            let mut fields = fields.unnamed.into_iter();
            match (fields.next(), fields.next()) {
                (Some(field), None) => Ok(Variant {
                    name: variant.ident,
                    connection: field.ty,
                }),
                _ => Err(mistake),
            }
        });
        let variants = variants.collect::<syn::Result<Vec<_>>>()?;
        if variants.is_empty() {
            return Err(syn::Error::new(input.ident.span(), NO_ENUM));
        }
        Ok(Self {
            name: input.ident,
            variants,
            krate,
        })
    }
}

fn krate(attrs: &[Attribute]) -> syn::Result<Option<Path>> {
    let mut krate = None;
    let ours = attrs
        .iter()
        .filter(|attr| attr.path().is_ident("routed_connection"));
    for attr in ours {
        attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                let word = meta.path.to_token_stream().to_string();
                return Err(meta.error(format!("unknown word `{word}`, {WORDS}")));
            }
            if krate.is_some() {
                return Err(meta.error("`crate` is specified more than once"));
            }
            let path = meta
                .value()
                .and_then(|value| value.parse::<LitStr>())
                .and_then(|path| path.parse_with(Path::parse_mod_style))
                .map_err(|error| syn::Error::new(error.span(), CRATE_PATH))?;
            krate = Some(path);
            Ok(())
        })?;
    }
    Ok(krate)
}
