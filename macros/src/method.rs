//! What all three kinds of methods have in common: a receiver, one argument, nothing unusual.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{FnArg, Receiver, ReceiverKind, ReturnType, Token, Type, punctuated::Punctuated};

use crate::{block::Method, ctxt::Ctxt, span};

/// What one kind of method must look like.
pub(crate) struct Shape {
    /// What it is, as in `a patch`.
    pub(crate) what: &'static str,
    pub(crate) receiver: Access,
    /// Why it has that receiver.
    pub(crate) why: &'static str,
    /// A signature to copy.
    pub(crate) example: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Access {
    Shared,
    Exclusive,
}

/// The one argument of a method.
#[derive(Clone, Copy)]
pub(crate) struct Argument<'a> {
    pub(crate) colon: Span,
    pub(crate) ty: &'a Type,
}

impl Argument<'_> {
    /// `Trait<Type>` of the private module: an error about it underlines `: Type`.
    pub(crate) fn bound(&self, p: &TokenStream, name: &str) -> TokenStream {
        let Self { colon, ty } = *self;
        let name = syn::Ident::new(name, colon);
        let close = span::last(&ty);
        let open = quote::quote_spanned!(colon=> #p::#name<);
        let close = quote::quote_spanned!(close=> >);
        quote!(#open #ty #close)
    }

    /// The type as text, to compare and to show.
    pub(crate) fn text(&self) -> String {
        text(self.ty)
    }
}

/// A type as a user would write it.
pub(crate) fn text(ty: &impl ToTokens) -> String {
    let text = ty.to_token_stream().to_string();
    text.replace(" :: ", "::").replace(" <", "<").replace("< ", "<").replace(" >", ">")
}

impl Shape {
    /// Checks what comes before the arguments: modifiers, generics, the receiver.
    pub(crate) fn check(&self, ctxt: &Ctxt, method: &Method) {
        let Self { what, example, .. } = self;
        let sig = &method.sig;
        if let syn::Safety::Unsafe(token) = &sig.safety {
            ctxt.error(token, format_args!("{what} cannot be `unsafe`"));
        }
        if !sig.generics.params.is_empty() {
            ctxt.error(
                &sig.generics,
                format_args!("{what} cannot be generic: its types are its declaration"),
            );
        }
        match sig.receiver() {
            None => ctxt.error(
                &sig.ident,
                format_args!(
                    "`{}` has no `self`; {what} looks like `{example}`. Other functions belong in a plain `impl` block",
                    sig.ident,
                ),
            ),
            Some(receiver) if access(receiver) != Some(self.receiver) => {
                let right = if self.receiver == Access::Shared { "&self" } else { "&mut self" };
                ctxt.error(
                    receiver,
                    format_args!(
                        "{what} takes `{right}`: {}; other methods belong in a plain `impl` block",
                        self.why,
                    ),
                );
            }
            Some(_) => {}
        }
    }

    /// The one argument after the receiver; more than one is an error.
    pub(crate) fn argument<'a>(&self, ctxt: &Ctxt, method: &'a Method) -> Option<Argument<'a>> {
        let Self { what, example, .. } = self;
        let mut arguments = typed(&method.sig.inputs);
        let first = arguments.next()?;
        for extra in arguments {
            ctxt.error(
                extra,
                format_args!("{what} takes one argument after `self`, as in `{example}`"),
            );
        }
        if let Type::ImplTrait(ty) = &*first.ty {
            ctxt.error(ty, format_args!("{what} names the type it takes, as in `{example}`"));
            return None;
        }
        Some(Argument { colon: first.colon_token.span, ty: &first.ty })
    }

    /// Refuses a return type.
    pub(crate) fn returns_nothing(&self, ctxt: &Ctxt, method: &Method) {
        if let ReturnType::Type(_, ty) = &method.sig.output {
            ctxt.error(ty, format_args!("{} returns nothing: {}", self.what, self.why));
        }
    }
}

/// The arguments without the receiver.
pub(crate) fn typed(inputs: &Punctuated<FnArg, Token![,]>) -> impl Iterator<Item = &syn::PatType> {
    inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    })
}

/// Where the return type stands; without one, the name of the method.
pub(crate) fn returned(method: &Method) -> Span {
    match &method.sig.output {
        ReturnType::Type(_, ty) => span::last(ty),
        ReturnType::Default => method.ident().span(),
    }
}

/// Whether a type is hidden behind `impl Trait`.
pub(crate) fn mentions_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => mentions_impl(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn access(receiver: &Receiver) -> Option<Access> {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => Some(Access::Shared),
        ReceiverKind::Reference(_, _, Some(_)) => Some(Access::Exclusive),
        _ => None,
    }
}
