//! The attributes of `#[derive(Statement)]`.

use proc_macro2::Span;
use quote::format_ident;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Ident, LitStr, Path, Type};

/// The valid attributes of a `#[derive(Statement)]`.
pub(crate) struct Args {
    /// The statement's effect.
    pub(crate) effect: Effect,
    /// The path of `diesel_routing`, if it is not `::diesel_routing`.
    pub(crate) krate: Option<Path>,
    /// The errors of all invalid attributes.
    pub(crate) error: Option<syn::Error>,
}

/// The source of a statement's effect.
pub(crate) enum Effect {
    /// A word: the name of a type in `diesel_routing::effect`.
    Is(Ident),
    /// The statement in a field of this type.
    OfField(Box<Type>),
}

impl Args {
    pub(crate) fn read(input: &DeriveInput) -> Self {
        let mut reader = Reader::default();
        reader.container(&input.attrs);
        reader.fields(&input.data);
        if reader.effect.is_none() && reader.error.is_none() {
            reader.fail(syn::Error::new(input.ident.span(), MISSING));
        }
        Self {
            effect: reader
                .effect
                .unwrap_or_else(|| Effect::Is(Ident::new("Read", Span::mixed_site()))),
            krate: reader.krate,
            error: reader.error,
        }
    }
}

const MISSING: &str = "missing effect, expected `#[statement(read)]`, `#[statement(row_lock)]` or \
     `#[statement(write)]` on the type, or `#[statement(effect)]` on the field that decides";
const CRATE_PATH: &str = "expected a path in a string, as in `crate = \"my_crate::routing\"`";
const CONTAINER_WORDS: &str = "expected one of: `read`, `row_lock`, `write`, `crate = \"path\"`";
const FIELD_WORDS: &str = "expected `effect` on a field";

#[derive(Default)]
struct Reader {
    effect: Option<Effect>,
    krate: Option<Path>,
    error: Option<syn::Error>,
}

impl Reader {
    fn container(&mut self, attrs: &[Attribute]) {
        for attr in ours(attrs) {
            let result = attr.parse_nested_meta(|meta| self.container_word(&meta));
            self.check(result);
        }
    }

    fn container_word(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if meta.path.is_ident("crate") {
            let path = meta
                .value()
                .and_then(|value| value.parse::<LitStr>())
                .and_then(|path| path.parse_with(Path::parse_mod_style))
                .map_err(|error| syn::Error::new(error.span(), CRATE_PATH))?;
            if self.krate.is_some() {
                return Err(meta.error("`crate` is specified more than once"));
            }
            self.krate = Some(path);
            return Ok(());
        }
        let effect = match meta.path.get_ident().map(ToString::to_string).as_deref() {
            Some("read") => "Read",
            Some("row_lock") => "RowLock",
            Some("write") => "Write",
            Some("effect") => {
                return Err(meta.error("`effect` belongs on the field that decides"));
            }
            _ => return Err(meta.error(unknown(meta, CONTAINER_WORDS))),
        };
        let effect = Effect::Is(format_ident!("{effect}", span = span_of(meta)));
        self.set_effect(effect, meta);
        Ok(())
    }

    fn fields(&mut self, data: &Data) {
        match data {
            Data::Struct(data) => {
                for field in &data.fields {
                    self.field(field, true);
                }
            }
            Data::Enum(data) => {
                for variant in &data.variants {
                    self.refuse(&variant.attrs);
                    self.fields_of_no_struct(&variant.fields);
                }
            }
            Data::Union(data) => {
                for field in &data.fields.named {
                    self.field(field, false);
                }
            }
        }
    }

    fn fields_of_no_struct(&mut self, fields: &Fields) {
        for field in fields {
            self.field(field, false);
        }
    }

    fn field(&mut self, field: &Field, in_struct: bool) {
        for attr in ours(&field.attrs) {
            let result = attr.parse_nested_meta(|meta| {
                if !meta.path.is_ident("effect") {
                    return Err(meta.error(unknown(&meta, FIELD_WORDS)));
                }
                if !in_struct {
                    return Err(meta.error(
                        "`effect` needs a struct, since a field of an enum or a union is not always there",
                    ));
                }
                self.set_effect(Effect::OfField(Box::new(field.ty.clone())), &meta);
                Ok(())
            });
            self.check(result);
        }
    }

    fn refuse(&mut self, attrs: &[Attribute]) {
        for attr in ours(attrs) {
            let message = "a variant has no effect of its own, say it on the type";
            self.fail(syn::Error::new_spanned(attr.path(), message));
        }
    }

    fn set_effect(&mut self, effect: Effect, meta: &ParseNestedMeta<'_>) {
        let message = match (&self.effect, &effect) {
            (None, _) => {
                self.effect = Some(effect);
                return;
            }
            (Some(Effect::Is(_)), Effect::Is(_)) => "the effect is specified more than once",
            (Some(Effect::OfField(_)), Effect::OfField(_)) => {
                "only one field can decide the effect"
            }
            _ => "the effect is specified on the type already",
        };
        self.fail(meta.error(message));
    }

    fn check(&mut self, result: syn::Result<()>) {
        if let Err(error) = result {
            self.fail(error);
        }
    }

    fn fail(&mut self, error: syn::Error) {
        match &mut self.error {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }
}

fn ours(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("statement"))
}

fn unknown(meta: &ParseNestedMeta<'_>, expected: &str) -> String {
    match meta.path.get_ident() {
        Some(word) => format!("unknown word `{word}`, {expected}"),
        None => format!("unknown words, {expected}"),
    }
}

fn span_of(meta: &ParseNestedMeta<'_>) -> Span {
    let span = meta
        .path
        .get_ident()
        .map_or_else(Span::mixed_site, Ident::span);
    Span::mixed_site().located_at(span)
}
