//! Reads options token by token, and says what is wrong with those that are.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Ident, LitInt, LitStr, Path, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use super::{Krate, Length, Number, Options};
use crate::{ctxt::Ctxt, suggest};

/// A key, an example of its use, and the one attribute it belongs in, if there is only one.
const KEYS: &[(&str, &str, Option<&str>)] = &[
    ("name", "name = \"SomeName\"", None),
    ("version", "version = 2", None),
    ("from", "from = ItemAddedV1", Some("event")),
    ("events", "events = CartEvent", Some("aggregate")),
    ("snapshot_every", "snapshot_every = 100", Some("aggregate")),
    ("key", "key = stream", Some("projection")),
    ("partitions", "partitions = 4", Some("projection")),
    ("given", "given(open)", Some("action")),
    ("attempts", "attempts = 5", Some("reaction")),
    ("backoff", "backoff = \"100ms\"", Some("reaction")),
    ("longest", "longest = \"1min\"", Some("reaction")),
    ("parallel", "parallel = 16", Some("reaction")),
    ("lease", "lease = \"10s\"", Some("reaction")),
    ("crate", "crate = path::to::actum", None),
];

impl Options {
    pub(super) fn read(
        &mut self,
        ctxt: &Ctxt,
        macro_name: &str,
        keys: &[&str],
        tokens: TokenStream,
    ) {
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
        let mut word = key.to_string();
        if !keys.contains(&word.as_str()) {
            let error = syn::Error::new_spanned(&key, unknown(macro_name, keys, &word));
            let Some(meant) = suggest::closest(&word, keys) else { return Err(error) };
            // What was meant is read on, so that it is not missing as well.
            ctxt.push(error);
            meant.clone_into(&mut word);
        }
        if !input.peek(Token![=]) {
            let example = example_in(macro_name, &word);
            let message = format!("`{word}` needs a value, as in `{example}`");
            return Err(syn::Error::new_spanned(&key, message));
        }
        input.parse::<Token![=]>()?;
        if self.seen.contains(&word) {
            ctxt.error(&key, format_args!("`{word}` is given twice"));
        }
        self.value(macro_name, &word, input)?;
        self.seen.push(word);
        Ok(())
    }

    fn value(&mut self, macro_name: &str, key: &str, input: ParseStream<'_>) -> syn::Result<()> {
        let expected = |what: &str| {
            let message = format!("expected {what}, as in `{}`", example_in(macro_name, key));
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
            "attempts" => self.attempts = Some(number(input, &expected)?),
            "parallel" => self.parallel = Some(number(input, &expected)?),
            "backoff" => self.backoff = Some(length(input, &expected)?),
            "longest" => self.longest = Some(length(input, &expected)?),
            "lease" => self.lease = Some(length(input, &expected)?),
            "from" if macro_name == "reaction" => {
                self.begins = Some(input.call(Ident::parse_any).map_err(|_| expected("`now`"))?);
            }
            "from" => self.from = Some(input.parse().map_err(|_| expected("a type"))?),
            "key" => {
                let key = input.parse();
                self.key = Some(key.map_err(|_| expected("`stream`, a closure or a function"))?);
            }
            "partitions" => self.partitions = Some(number(input, &expected)?),
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
    let error = expected("a whole number from 1");
    if !input.peek(LitInt) {
        return Err(error);
    }
    let literal: LitInt = input.parse()?;
    match literal.base10_parse::<u32>() {
        Ok(0) => Err(error),
        Ok(value) => Ok(Number { value, span: literal.span() }),
        Err(error) => Err(error),
    }
}

/// A length of time from one millisecond, as in `"100ms"`, `"10s"`, `"1min"`, `"2h"`.
fn length(input: ParseStream<'_>, expected: &impl Fn(&str) -> syn::Error) -> syn::Result<Length> {
    const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000)];
    let error = expected("a length of time in quotes: a whole number and `ms`, `s`, `min` or `h`");
    let Ok(literal) = input.parse::<LitStr>() else { return Err(error) };
    let text = literal.value();
    let (number, unit) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let unit = UNITS.iter().find(|(name, _)| *name == unit.trim()).map(|(_, millis)| *millis);
    let millis = unit.and_then(|unit| number.parse::<u64>().ok()?.checked_mul(unit));
    match millis {
        Some(millis) if millis > 0 => Ok(Length { millis }),
        _ => Err(syn::Error::new(literal.span(), error)),
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

pub(super) fn example(macro_name: &str) -> String {
    let key = match macro_name {
        "aggregate" => "events",
        "event" | "projection" | "reaction" => "name",
        _ => "crate",
    };
    format!("#[{macro_name}({})]", example_of(key))
}

/// An option can mean another thing in another macro.
fn example_in(macro_name: &str, key: &str) -> &'static str {
    match (macro_name, key) {
        ("reaction", "from") => "from = now",
        _ => example_of(key),
    }
}

fn example_of(key: &str) -> &'static str {
    KEYS.iter().find(|(known, ..)| *known == key).map_or("", |(_, example, _)| example)
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;
    use quote::quote;

    use super::*;
    use crate::attr::of_args;

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
        let (options, errors) = read(quote!(vesion = 0, qty = 1, name = 5, from = V1));
        assert!(errors.contains("did you mean `version`?"), "{errors}");
        assert!(errors.contains("expected a text in quotes"), "{errors}");
        assert!(errors.contains("expected a whole number"), "{errors}");
        assert!(errors.contains("unknown option `qty`"), "{errors}");
        assert_eq!(errors.matches("compile_error").count(), 4);
        assert!(options.from.is_some());
    }

    #[test]
    fn a_second_value_and_a_missing_comma_are_faults() {
        let (_, errors) = read(quote!(name = "A", name = "B" version = 2));
        assert!(errors.contains("`name` is given twice"), "{errors}");
        assert!(errors.contains("expected `,`"), "{errors}");
    }

    #[test]
    fn lengths_of_time_have_a_unit_and_are_not_zero() {
        let read = |text: &str| {
            let ctxt = Ctxt::default();
            let options = of_args(&ctxt, "reaction", &["backoff"], quote!(backoff = #text));
            (ctxt.count() == 0).then_some(options.backoff?.millis)
        };
        let right = [("100ms", 100), ("10s", 10_000), ("2 min", 120_000), ("1h", 3_600_000)];
        for (text, millis) in right {
            assert_eq!(read(text), Some(millis), "{text}");
        }
        for text in ["", "0s", "s", "1", "1d", "-1s", "1.5s", "99999999999999999999s"] {
            assert_eq!(read(text), None, "{text}");
        }
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
}
