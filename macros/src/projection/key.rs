//! The key of a projection with a document for each key: `key = stream`, a closure or a function
//! for the whole block, `#[key(|event| …)]` for one handler.
//!
//! A closure is written into one impl for each event type, so that it may use what those payloads
//! have in common. A projection is keyed or is not: no handler may be without a key then.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, Expr, Ident, Meta, Type};

use crate::{
    attr::{Krate, Number, Options},
    block::{Block, Method},
    ctxt::Ctxt,
    span,
};

/// What the block says about keys.
pub(super) struct Keys<'a> {
    /// The key of every handler that has none of its own.
    default: Option<&'a Expr>,
    is_keyed: bool,
    partitions: Option<Number>,
}

/// The key of one handler.
pub(super) enum Key<'a> {
    One,
    Stream,
    Of(Box<dyn ToTokens + 'a>),
}

impl<'a> Keys<'a> {
    pub(super) fn of(ctxt: &Ctxt, options: &'a Options, block: &Block) -> Self {
        let has_own = block.methods().any(|method| attributes(method).next().is_some());
        let default = options.key.as_ref();
        let is_keyed = default.is_some() || has_own;
        if let Some(partitions) = options.partitions
            && !is_keyed
        {
            ctxt.error(
                partitions,
                "one document cannot be spread over partitions; say what the key of a document is, as in `key = stream, partitions = 4`",
            );
        }
        if let Some(partitions) = options.partitions
            && partitions.value > 1024
        {
            ctxt.error(partitions, "a projection has at most 1024 partitions");
        }
        Self { default, is_keyed, partitions: options.partitions }
    }

    pub(super) const fn is_keyed(&self) -> bool {
        self.is_keyed
    }

    /// The key of a handler: its own, or that of the block.
    pub(super) fn key(&self, ctxt: &Ctxt, method: &'a Method) -> Option<Key<'a>> {
        let mut own = attributes(method);
        if let Some(attr) = own.next() {
            for again in own {
                ctxt.error(again, format_args!("the key of `{}` is given twice", method.ident()));
            }
            return own_key(ctxt, attr);
        }
        match self.default {
            Some(expr) if is_stream(expr) => Some(Key::Stream),
            Some(expr) => Some(Key::Of(Box::new(expr))),
            None if self.is_keyed => {
                ctxt.error(
                    method.ident(),
                    format_args!(
                        "`{}` has no key, and others have; write `#[key(|event| …)]` above it, or `#[projection(key = stream)]` for all that have none",
                        method.ident(),
                    ),
                );
                None
            }
            None => Some(Key::One),
        }
    }

    /// The trait that says which kind of projection it is.
    pub(super) fn shape(&self, p: &TokenStream) -> TokenStream {
        if self.is_keyed { quote!(#p::DocumentPerKey) } else { quote!(#p::OneDocument) }
    }

    pub(super) fn consts(&self, p: &TokenStream) -> TokenStream {
        let Self { is_keyed, partitions, .. } = self;
        let keyed = is_keyed.then(|| quote!(const KEYED: #p::core::primitive::bool = true;));
        let partitions =
            partitions.map(|number| quote!(const PARTITIONS: #p::core::primitive::u32 = #number;));
        quote!(#keyed #partitions)
    }
}

impl Key<'_> {
    /// The function that makes the handler's entry.
    pub(super) fn constructor(&self) -> Ident {
        let name = match self {
            Self::One => "of",
            Self::Stream => "of_stream",
            Self::Of(_) => "of_key",
        };
        Ident::new(name, Span::call_site())
    }

    /// The impl that finds the key in an event.
    pub(super) fn implement(
        &self,
        krate: &Krate,
        self_ty: &Type,
        event: &Type,
        attrs: &TokenStream,
    ) -> TokenStream {
        let Self::Of(key) = self else { return TokenStream::new() };
        let p = krate.private(Span::call_site());
        let at = span::first(&key);
        let here = krate.private(at);
        let call = quote_spanned!(at=> #here::key);
        quote! {
            #attrs
            impl #p::KeyOf<#event> for #self_ty {
                fn key(__event: &#p::Committed<#event>) -> #p::std::string::String {
                    #call(__event, #key)
                }
            }
        }
    }
}

fn attributes(method: &Method) -> impl Iterator<Item = &Attribute> {
    method.attrs.iter().filter(|attr| attr.path().is_ident("key"))
}

fn own_key<'a>(ctxt: &Ctxt, attr: &'a Attribute) -> Option<Key<'a>> {
    let example = "`#[key(|event| event.data.customer.clone())]`";
    let Meta::List(list) = &attr.meta else {
        ctxt.error(&attr.meta, format_args!("a key stands in parentheses, as in {example}"));
        return None;
    };
    match syn::parse2::<Expr>(list.tokens.clone()) {
        Ok(expr) if is_stream(&expr) => Some(Key::Stream),
        Ok(expr) => Some(Key::Of(Box::new(expr))),
        Err(_) => {
            ctxt.error(
                attr,
                format_args!("a key is `stream`, a closure or a function, as in {example}"),
            );
            None
        }
    }
}

/// `stream` alone names the stream of the event.
fn is_stream(expr: &Expr) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident("stream"))
}
