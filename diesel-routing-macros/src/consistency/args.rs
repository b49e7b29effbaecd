//! The attribute's arguments: `strong`, `bounded = "250ms", wait = "50ms"`, `class = "payments"` and so on.

use std::time::Duration;

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, LitStr, Path, Token};

use super::level::{self, Kind, Level};

const OPTIONS: &str = "`wait = \"50ms\"`, `on = \"..\"` (with `or_any_replica`, `or_primary` or `or_fail`), `class = \"..\"`, `name = \"..\"`, `untracked` (with `write`), `retry`, `crate = \"..\"`";

/// A level and its options.
pub(super) struct Args {
    /// The level, and where it stands; with a class alone `None`, and the handle's type has it.
    pub(super) level: Option<(Level, Span)>,
    pub(super) wait: Option<Duration>,
    pub(super) on: Option<On>,
    pub(super) class: Option<LitStr>,
    pub(super) name: Option<LitStr>,
    pub(super) is_untracked: bool,
    /// Set if a read that failed because of its node runs again on another.
    pub(super) retries: bool,
    /// The path of `diesel_routing`.
    pub(super) root: Path,
    /// Set if the function goes into the program's inventory.
    pub(super) registers: bool,
}

/// The replicas that reads ask for.
pub(super) struct On {
    pub(super) tag: LitStr,
    /// The place of reads that none of them may serve: `or_primary` and the like.
    pub(super) otherwise: Option<Ident>,
}

/// Returns whether an attribute is this macro's.
pub(super) fn is_consistency(attribute: &Attribute) -> bool {
    let path = attribute.path();
    path.segments
        .last()
        .is_some_and(|segment| segment.ident == "consistency")
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Err(no_level());
        }
        let mut words = Words::default();
        while !input.is_empty() {
            words.read(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        words.finish()
    }
}

/// The arguments read so far.
#[derive(Default)]
struct Words {
    level: Option<(Level, Span)>,
    wait: Option<(Duration, Span)>,
    on: Option<(LitStr, Span)>,
    otherwise: Option<Ident>,
    class: Option<LitStr>,
    name: Option<LitStr>,
    untracked: Option<Span>,
    retry: Option<Span>,
    root: Option<Path>,
}

impl Words {
    fn read(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let word = input.call(syn::ext::IdentExt::parse_any)?;
        let word: Ident = word;
        let span = word.span();
        let name = word.to_string();
        if let Some(kind) = Kind::of_word(&name) {
            let lag = if kind.has_lag {
                let what = format!("the lag, as in {}", kind.example());
                Some(duration(&text(input, &word, &what)?)?)
            } else {
                None
            };
            return self.level(Level { kind, lag }, &word);
        }
        match name.as_str() {
            "wait" => {
                let wait = duration(&text(input, &word, "how long, as in `wait = \"50ms\"`")?)?;
                once(&mut self.wait, (wait, span), &word)
            }
            "on" => {
                let tag = text(input, &word, "the tag, as in `on = \"reporting\"`")?;
                once(&mut self.on, (tag, span), &word)
            }
            "or_any_replica" | "or_primary" | "or_fail" => self.otherwise(&word),
            "class" => {
                let class = text(input, &word, "the class, as in `class = \"payments\"`")?;
                once(&mut self.class, class, &word)
            }
            "name" => {
                let name = text(input, &word, "the name, as in `name = \"find user\"`")?;
                once(&mut self.name, name, &word)
            }
            "untracked" => once(&mut self.untracked, span, &word),
            "retry" => once(&mut self.retry, span, &word),
            "crate" => {
                let path = text(
                    input,
                    &word,
                    "the path, as in `crate = \"my::diesel_routing\"`",
                )?;
                once(&mut self.root, path.parse()?, &word)
            }
            "vouch" => Err(syn::Error::new(
                span,
                "`#[consistency(vouch)]` goes before a statement in the body of such a function",
            )),
            _ => Err(syn::Error::new(
                span,
                format!("unknown word; levels: {}; options: {OPTIONS}", level::all()),
            )),
        }
    }

    fn level(&mut self, level: Level, word: &Ident) -> syn::Result<()> {
        if let Some((known, _)) = self.level {
            let message = if known.kind == level.kind {
                format!("`{word}` is there twice")
            } else {
                format!(
                    "`{word}` and `{}` are both levels: give one of {}",
                    known.kind.word,
                    level::all()
                )
            };
            return Err(syn::Error::new(word.span(), message));
        }
        self.level = Some((level, word.span()));
        Ok(())
    }

    fn otherwise(&mut self, word: &Ident) -> syn::Result<()> {
        match &self.otherwise {
            Some(known) if known != word => Err(syn::Error::new(
                word.span(),
                format!("`{word}` and `{known}` contradict each other: give one of them"),
            )),
            _ => once(&mut self.otherwise, word.clone(), word),
        }
    }

    fn finish(self) -> syn::Result<Args> {
        match self.level {
            Some((level, _)) => self.check_with(level)?,
            None => self.check_with_class()?,
        }
        if let Some(word) = self.otherwise.as_ref().filter(|_| self.on.is_none()) {
            return Err(syn::Error::new(
                word.span(),
                format!(
                    "`{word}` goes with `on = \"..\"`: it says where a read goes that no replica with the tag may serve"
                ),
            ));
        }
        let otherwise = self.otherwise;
        Ok(Args {
            on: self.on.map(|(tag, _)| On { tag, otherwise }),
            level: self.level,
            wait: self.wait.map(|(wait, _)| wait),
            class: self.class,
            name: self.name,
            is_untracked: self.untracked.is_some(),
            retries: self.retry.is_some(),
            registers: false,
            root: self
                .root
                .unwrap_or_else(|| syn::parse_quote!(::diesel_routing)),
        })
    }

    /// Checks the options of a function of this level.
    fn check_with(&self, level: Level) -> syn::Result<()> {
        if let Some(span) = self.untracked.filter(|_| !level.kind.writes()) {
            return Err(syn::Error::new(
                span,
                format!(
                    "`untracked` goes with `write`: a `{}` function writes nothing",
                    level.kind.word
                ),
            ));
        }
        if let Some((_, span)) = self.wait.filter(|_| !level.kind.waits) {
            return Err(syn::Error::new(
                span,
                format!(
                    "`wait` goes with {}: a `{}` function waits for no replica",
                    level::waiting(),
                    level.kind.word
                ),
            ));
        }
        if let Some(span) = self.retry.filter(|_| !level.kind.may_be_a_replica()) {
            return Err(syn::Error::new(
                span,
                format!(
                    "`retry` goes with {}: a `{}` function has the primary, and no other node to run again on",
                    level::on_replicas(),
                    level.kind.word
                ),
            ));
        }
        if let Some((_, span)) = self.on.as_ref().filter(|_| !level.kind.may_be_a_replica()) {
            return Err(syn::Error::new(
                *span,
                format!(
                    "`on` goes with {}: a `{}` function never goes to a replica",
                    level::on_replicas(),
                    level.kind.word
                ),
            ));
        }
        Ok(())
    }

    /// Checks the options of a function whose class stands alone: which of them go with its level, only its handle's type tells.
    fn check_with_class(&self) -> syn::Result<()> {
        if self.class.is_none() {
            return Err(no_level());
        }
        let options = [
            ("wait", self.wait.as_ref().map(|(_, span)| *span)),
            ("on", self.on.as_ref().map(|(_, span)| *span)),
            ("untracked", self.untracked),
            ("retry", self.retry),
        ];
        let mut options = options
            .into_iter()
            .filter_map(|(word, span)| Some((word, span?)));
        match options.next() {
            Some((word, span)) => Err(syn::Error::new(
                span,
                format!(
                    "`{word}` needs a level beside it: with `class` alone, the handle's type has the level; give one of {}",
                    level::all()
                ),
            )),
            None => Ok(()),
        }
    }
}

fn no_level() -> syn::Error {
    let all = level::all();
    syn::Error::new(
        Span::call_site(),
        format!(
            "a level is missing: {all}; or give a `class = \"..\"` alone, and the handle's type has the level"
        ),
    )
}

fn once<T>(slot: &mut Option<T>, value: T, word: &Ident) -> syn::Result<()> {
    if slot.is_some() {
        return Err(syn::Error::new(
            word.span(),
            format!("`{word}` is there twice"),
        ));
    }
    *slot = Some(value);
    Ok(())
}

/// Reads the text behind `word =`.
fn text(input: ParseStream<'_>, word: &Ident, what: &str) -> syn::Result<LitStr> {
    let missing = || syn::Error::new(word.span(), format!("`{word}` needs {what}"));
    if !input.peek(Token![=]) {
        return Err(missing());
    }
    input.parse::<Token![=]>()?;
    input.parse::<LitStr>().map_err(|_| missing())
}

fn duration(text: &LitStr) -> syn::Result<Duration> {
    humantime::parse_duration(&text.value()).map_err(|error| {
        syn::Error::new(
            text.span(),
            format!("not a length of time, such as \"250ms\" or \"2s\": {error}"),
        )
    })
}
