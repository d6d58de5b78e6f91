//! Where generated tokens claim to stand, so that rustc underlines what the user wrote.
//!
//! Path tokens stand on the punctuation before a type (`:`, `->`, `=`), a closing `>` on the last
//! token of the type. An error about `Trait<Type>` then underlines `: Type`; and the type's own
//! tokens are the only ones that an editor can follow from where the type stands.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The same tokens at another place; names still resolve where they were written.
pub(crate) fn moved(tokens: impl ToTokens, to: Span) -> TokenStream {
    let place = |mut token: TokenTree| {
        if let TokenTree::Group(group) = token {
            token = Group::new(group.delimiter(), moved(group.stream(), to)).into();
        }
        token.set_span(to.resolved_at(token.span()));
        token
    };
    tokens.into_token_stream().into_iter().map(place).collect()
}

/// The place of the last token.
pub(crate) fn last(tokens: &impl ToTokens) -> Span {
    match tokens.to_token_stream().into_iter().last() {
        Some(TokenTree::Group(group)) => group.span_close(),
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}

/// The place of the first token.
pub(crate) fn first(tokens: &impl ToTokens) -> Span {
    match tokens.to_token_stream().into_iter().next() {
        Some(TokenTree::Group(group)) => group.span_open(),
        Some(token) => token.span(),
        None => Span::call_site(),
    }
}
