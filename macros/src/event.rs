//! `#[derive(Event)]`: the stored name of a payload struct, its schema's version, its decoding.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Ident, Type, spanned::Spanned};

use crate::{
    attr::{self, Options},
    ctxt::Ctxt,
    docs, span,
};

const KEYS: &[&str] = &["name", "version", "from", "crate"];

pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let ctxt = Ctxt::default();
    let options = attr::of_item(&ctxt, "event", KEYS, &input.attrs);
    check_shape(&ctxt, input);
    let is_supported = input.generics.params.is_empty() && !matches!(input.data, Data::Union(_));
    let output = is_supported.then(|| implement(&ctxt, input, &options));
    let errors = ctxt.into_errors();
    quote!(#output #errors)
}

fn check_shape(ctxt: &Ctxt, input: &DeriveInput) {
    let ident = &input.ident;
    match &input.data {
        Data::Struct(data) => {
            for field in &data.fields {
                attr::refuse(ctxt, "event", &field.attrs, "on the struct, not on a field");
            }
        }
        Data::Enum(data) => ctxt.error(
            data.enum_token,
            format_args!(
                "an event is a struct; `{ident}` is an enum: for the set of all events of an aggregate, derive `Events`"
            ),
        ),
        Data::Union(data) => {
            ctxt.error(data.union_token, format_args!("an event is a struct; `{ident}` is a union"));
        }
    }
    if !input.generics.params.is_empty() {
        ctxt.error(
            &input.generics,
            "an event cannot be generic: one name is stored for one type of payload",
        );
    }
}

fn implement(ctxt: &Ctxt, input: &DeriveInput, options: &Options) -> TokenStream {
    let ident = &input.ident;
    let name = options.name_or(ident);
    attr::check_name(ctxt, &name, "an event");
    let docs = docs::of(&input.attrs);
    let version = options.version.map_or(1, |version| version.value);
    let chain = chain(ctxt, options, version);

    let p = options.krate.private(Span::call_site());
    let decode = chain.map_or_else(
        || quote!(#p::decode_only::<Self>),
        |old| {
            let at = span::first(old);
            let p = options.krate.private(at);
            let close = span::last(old);
            let call = quote_spanned!(at=> #p::decode_or_upcast::<Self, #old);
            let end = quote_spanned!(close=> >);
            quote!(#call #end)
        },
    );
    let check = chain.map(|old| check_chain(options, ident, old, version));
    quote! {
        #[automatically_derived]
        impl #p::Event for #ident {
            const NAME: &'static #p::core::primitive::str = #name;
            const VERSION: #p::core::primitive::u32 = #version;
            const DOCS: &'static #p::core::primitive::str = #docs;

            fn decode(
                __version: #p::core::primitive::u32,
                __data: &[#p::core::primitive::u8],
            ) -> #p::core::result::Result<Self, #p::DecodeError> {
                #decode(__version, __data)
            }
        }
        #check
    }
}

/// The type of the version before, where there must be one.
fn chain<'a>(ctxt: &Ctxt, options: &'a Options, version: u32) -> Option<&'a Type> {
    match (&options.from, options.version) {
        (Some(old), _) if version > 1 => Some(old),
        (Some(old), _) => {
            ctxt.error(
                old,
                "`from` names the event type of the version before this one: add `version = 2` or higher",
            );
            None
        }
        (None, Some(number)) if version > 1 => {
            let before = version - 1;
            ctxt.push(syn::Error::new(
                number.span,
                format_args!(
                    "version {version} needs `from = …`, the event type of version {before}, so that what is stored with version {before} can still be read"
                ),
            ));
            None
        }
        (None, _) => None,
    }
}

/// Lets rustc check that the versions of the chain go down one by one, and so end at 1.
fn check_chain(options: &Options, ident: &Ident, old: &Type, version: u32) -> TokenStream {
    let p = options.krate.private(old.span());
    let before = version - 1;
    let message = format!(
        "`{ident}` has version {version}, so `from` must name the event type of version {before}"
    );
    quote_spanned! {old.span()=>
        const _: () = #p::core::assert!(<#old as #p::Event>::VERSION == #before, #message);
    }
}
