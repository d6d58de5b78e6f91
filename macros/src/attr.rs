//! The `key = value` options of all macros: `#[event(name = "…")]`, `#[projection(version = 2)]`.
//!
//! One table of keys, so that a key means the same everywhere. An option that is wrong is noted
//! and left out; the others still count.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Ident, LitInt, LitStr, Meta, Path, Token, Type,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use crate::{ctxt::Ctxt, span, suggest};

/// A key, an example of its use, and the one attribute it belongs in, if there is only one.
const KEYS: &[(&str, &str, Option<&str>)] = &[
    ("name", "name = \"SomeName\"", None),
    ("version", "version = 2", None),
    ("from", "from = ItemAddedV1", Some("event")),
    ("events", "events = CartEvent", Some("aggregate")),
    ("snapshot_every", "snapshot_every = 100", Some("aggregate")),
    ("crate", "crate = path::to::actum", None),
];

/// What the user has written.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<Number>,
    pub(crate) from: Option<Type>,
    pub(crate) events: Option<Type>,
    pub(crate) snapshot_every: Option<Number>,
    pub(crate) krate: Krate,
    seen: Vec<String>,
}

/// A whole number from 1, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    pub(crate) value: u32,
    pub(crate) span: Span,
}

/// Under which name the user's crate knows actum.
#[derive(Default)]
pub(crate) struct Krate(Option<Path>);

impl Krate {
    /// The module with all that expansions need, as seen from a place.
    pub(crate) fn private(&self, at: Span) -> TokenStream {
        let path = self.0.as_ref().map_or_else(|| quote!(::actum), ToTokens::to_token_stream);
        span::moved(quote!(#path::__private), at)
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
                format_args!("options stand in parentheses, as in `{}`", example(macro_name)),
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

    fn read(&mut self, ctxt: &Ctxt, macro_name: &str, keys: &[&str], tokens: TokenStream) {
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                let result = self.option(ctxt, macro_name, keys, input);
                let is_complete = result.is_ok();
                ctxt.ok(result);
                skip_to_comma(ctxt, input, is_complete)?;
            }
            Ok(())
        };
        ctxt.ok(parser.parse2(tokens));
    }

    fn option(
        &mut self,
        ctxt: &Ctxt,
        macro_name: &str,
        keys: &[&str],
        input: ParseStream<'_>,
    ) -> syn::Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error(format_args!(
                "expected an option, as in `{}`",
                example_of(keys.first().copied().unwrap_or_default()),
            )));
        }
        let key = Ident::parse_any(input)?;
        let word = key.to_string();
        if !keys.contains(&word.as_str()) {
            return Err(syn::Error::new_spanned(&key, unknown(macro_name, keys, &word)));
        }
        if !input.peek(Token![=]) {
            let example = example_of(&word);
            let message = format!("`{word}` needs a value, as in `{example}`");
            return Err(syn::Error::new_spanned(&key, message));
        }
        input.parse::<Token![=]>()?;
        if self.seen.contains(&word) {
            ctxt.error(&key, format_args!("`{word}` is given twice"));
        }
        self.value(&word, input)?;
        self.seen.push(word);
        Ok(())
    }

    fn value(&mut self, key: &str, input: ParseStream<'_>) -> syn::Result<()> {
        let expected = |what: &str| {
            let message = format!("expected {what}, as in `{}`", example_of(key));
            if input.is_empty() {
                syn::Error::new(input.span(), message)
            } else {
                input.error(message)
            }
        };
        match key {
            "name" => {
                let text = input.parse().map_err(|_| expected("a text in quotes"))?;
                self.name = Some(text);
            }
            "version" => self.version = Some(number(input, &expected)?),
            "snapshot_every" => self.snapshot_every = Some(number(input, &expected)?),
            "from" => self.from = Some(input.parse().map_err(|_| expected("a type"))?),
            "events" => self.events = Some(input.parse().map_err(|_| expected("a type"))?),
            _ => {
                let path = Path::parse_mod_style(input).map_err(|_| expected("a path"))?;
                self.krate = Krate(Some(path));
            }
        }
        Ok(())
    }
}

fn number(input: ParseStream<'_>, expected: &impl Fn(&str) -> syn::Error) -> syn::Result<Number> {
    const WHAT: &str = "a whole number from 1 to 4294967295";

    if !input.peek(LitInt) {
        return Err(expected(WHAT));
    }
    let literal: LitInt = input.parse()?;
    match literal.base10_parse::<u32>() {
        Ok(value) if value > 0 => Ok(Number { value, span: literal.span() }),
        _ => Err(syn::Error::new_spanned(literal, format_args!("expected {WHAT}"))),
    }
}

/// Goes to the next option; an option that was understood must end here.
fn skip_to_comma(ctxt: &Ctxt, input: ParseStream<'_>, is_complete: bool) -> syn::Result<()> {
    if is_complete && !input.is_empty() && !input.peek(Token![,]) {
        ctxt.push(input.error("expected `,` before the next option"));
    }
    while !input.is_empty() {
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            break;
        }
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn unknown(macro_name: &str, keys: &[&str], word: &str) -> String {
    if let Some(known) = suggest::closest(word, keys) {
        return format!("unknown option `{word}`; did you mean `{known}`?");
    }
    let home = KEYS.iter().find(|(key, ..)| *key == word).and_then(|(.., home)| *home);
    if let Some(home) = home {
        return format!("`{word}` belongs in `#[{home}(…)]`");
    }
    let keys = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    format!("unknown option `{word}`; `#[{macro_name}(…)]` takes {keys}")
}

fn example(macro_name: &str) -> String {
    let key = match macro_name {
        "aggregate" => "events",
        "event" | "projection" => "name",
        _ => "crate",
    };
    format!("#[{macro_name}({})]", example_of(key))
}

fn example_of(key: &str) -> &'static str {
    KEYS.iter().find(|(known, ..)| *known == key).map_or("", |(_, example, _)| example)
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

    fn read(args: TokenStream) -> (Options, String) {
        let ctxt = Ctxt::default();
        let options = of_args(&ctxt, "event", &["name", "version", "from", "crate"], args);
        (options, ctxt.into_errors().to_string())
    }

    #[test]
    fn options_are_read_in_any_order() {
        let (options, errors) =
            read(quote!(version = 2, crate = a::b, from = V1<A, B>, name = "N",));
        assert_eq!(errors, "");
        assert_eq!(options.name.map(|name| name.value()).as_deref(), Some("N"));
        assert_eq!(options.version.map(|version| version.value), Some(2));
        assert!(options.from.is_some());
        let private = options.krate.private(Span::call_site()).to_string();
        assert_eq!(private, "a :: b :: __private");
    }

    #[test]
    fn every_fault_is_told_and_the_rest_still_counts() {
        let (options, errors) = read(quote!(vesion = 2, name = 5, version = 0, from = V1));
        assert!(errors.contains("did you mean `version`?"), "{errors}");
        assert!(errors.contains("expected a text in quotes"), "{errors}");
        assert!(errors.contains("expected a whole number"), "{errors}");
        assert_eq!(errors.matches("compile_error").count(), 3);
        assert!(options.from.is_some());
    }

    #[test]
    fn a_second_value_and_a_missing_comma_are_faults() {
        let (_, errors) = read(quote!(name = "A", name = "B" version = 2));
        assert!(errors.contains("`name` is given twice"), "{errors}");
        assert!(errors.contains("expected `,`"), "{errors}");
    }

    #[test]
    fn a_key_of_another_macro_is_sent_home() {
        let (_, errors) = read(quote!(events = CartEvent));
        assert!(errors.contains("`events` belongs in `#[aggregate(…)]`"), "{errors}");
    }

    #[test]
    fn garbage_ends_and_is_told() {
        for garbage in [quote!(=), quote!(name), quote!(name =), quote!(, ,), quote!("x" [] 3)] {
            let (_, errors) = read(garbage.clone());
            assert!(errors.contains("compile_error"), "{garbage}");
        }
    }

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
