//! The `key = value` options of all macros: `#[event(name = "…")]`, `#[projection(version = 2)]`.
//!
//! One table of keys, so that a key means the same everywhere. An option that is wrong is noted
//! and left out; the others still count.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Attribute, Expr, Ident, LitStr, Meta, Path, Type, ext::IdentExt};

use crate::{ctxt::Ctxt, span};

mod read;

/// What the user has written.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<Number>,
    pub(crate) from: Option<Type>,
    /// Where in the log a reaction begins: the word, whatever it is.
    pub(crate) begins: Option<Ident>,
    pub(crate) events: Option<Type>,
    pub(crate) snapshot_every: Option<Number>,
    pub(crate) attempts: Option<Number>,
    pub(crate) parallel: Option<Number>,
    pub(crate) backoff: Option<Length>,
    pub(crate) longest: Option<Length>,
    pub(crate) lease: Option<Length>,
    pub(crate) key: Option<Expr>,
    pub(crate) partitions: Option<Number>,
    pub(crate) krate: Krate,
    seen: Vec<String>,
}

/// A whole number from 1, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    pub(crate) value: u32,
    pub(crate) span: Span,
}

/// A length of time, not zero.
#[derive(Clone, Copy)]
pub(crate) struct Length {
    pub(crate) millis: u64,
}

/// Under which name the user's crate knows actum.
#[derive(Default)]
pub(crate) struct Krate(Option<Path>);

impl Krate {
    /// The module with all that expansions need, as seen from a place.
    pub(crate) fn private(&self, at: Span) -> TokenStream {
        let path = self
            .0
            .as_ref()
            .map_or_else(|| quote_spanned!(at=> ::actum), |path| span::moved(path, at));
        quote_spanned!(at=> #path::__private)
    }
}

/// Reads the options in the attributes `#[macro_name(…)]` of an item.
pub(crate) fn of_item(
    ctxt: &Ctxt,
    macro_name: &str,
    keys: &[&str],
    attrs: &[Attribute],
) -> Options {
    let mut options = Options::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(macro_name)) {
        match &attr.meta {
            Meta::List(list) => options.read(ctxt, macro_name, keys, list.tokens.clone()),
            Meta::Path(_) | Meta::NameValue(_) => ctxt.error(
                &attr.meta,
                format_args!("options stand in parentheses, as in `{}`", read::example(macro_name)),
            ),
        }
    }
    options
}

/// Reads the options of an attribute macro, `#[macro_name(…)]`.
pub(crate) fn of_args(ctxt: &Ctxt, macro_name: &str, keys: &[&str], args: TokenStream) -> Options {
    let mut options = Options::default();
    options.read(ctxt, macro_name, keys, args);
    options
}

/// Refuses `#[macro_name(…)]` on a part of the item, where it would not be read.
pub(crate) fn refuse(ctxt: &Ctxt, macro_name: &str, attrs: &[Attribute], belongs: &str) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(macro_name)) {
        ctxt.error(attr, format_args!("`#[{macro_name}(…)]` belongs {belongs}"));
    }
}

/// Checks a name that is to be stored; `what` is what it names.
pub(crate) fn check_name(ctxt: &Ctxt, name: &LitStr, what: &str) {
    let text = name.value();
    if text.is_empty() {
        ctxt.error(name, format_args!("the name of {what} must not be empty"));
    }
    if text.chars().any(char::is_control) {
        ctxt.error(name, format_args!("the name of {what} must not contain control characters"));
    }
    if text.len() > 255 {
        let length = text.len();
        ctxt.error(
            name,
            format_args!("the name of {what} must not be longer than 255 bytes; it has {length}"),
        );
    }
}

impl Options {
    /// The name that was given, or else that of the type; it stands where the user wrote it.
    pub(crate) fn name_or(&self, ident: &Ident) -> LitStr {
        let ident_name = || LitStr::new(&ident.unraw().to_string(), ident.span());
        self.name.clone().unwrap_or_else(ident_name)
    }
}

impl ToTokens for Number {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let mut literal = proc_macro2::Literal::u32_unsuffixed(self.value);
        literal.set_span(self.span);
        literal.to_tokens(tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_store_could_keep_are_refused() {
        for name in ["", "a\nb", "a\0", &"x".repeat(256)] {
            let ctxt = Ctxt::default();
            check_name(&ctxt, &LitStr::new(name, Span::call_site()), "an event");
            assert_eq!(ctxt.count(), 1, "{name:?}");
        }
        let ctxt = Ctxt::default();
        check_name(&ctxt, &LitStr::new(&"x".repeat(255), Span::call_site()), "an event");
        assert_eq!(ctxt.count(), 0);
    }
}
