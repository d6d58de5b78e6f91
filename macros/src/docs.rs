//! Doc comments as data, for the catalogue.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of the doc comments, without the space after each `///`.
///
/// A `#[doc = include_str!(…)]` has no text yet and is left out.
pub(crate) fn of(attrs: &[Attribute]) -> String {
    let lines: Vec<String> = attrs.iter().filter_map(line).collect();
    let text = lines.iter().flat_map(|line| line.split('\n')).map(unindent).collect::<Vec<_>>();
    text.join("\n").trim().to_owned()
}

fn line(attr: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attr.meta else { return None };
    if !pair.path.is_ident("doc") {
        return None;
    }
    match &pair.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

fn unindent(line: &str) -> &str {
    line.strip_prefix(' ').unwrap_or(line).trim_end()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn lines_are_joined_and_unindented() {
        let item: syn::ItemStruct = parse_quote! {
            /// Puts it in.
            ///
            ///     code
            #[allow(dead_code)]
            #[doc = "More."]
            struct A;
        };
        assert_eq!(of(&item.attrs), "Puts it in.\n\n    code\nMore.");
    }

    #[test]
    fn no_comment_is_the_empty_text() {
        assert_eq!(of(&[]), "");
    }
}
