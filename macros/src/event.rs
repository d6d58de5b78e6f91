//! `#[derive(Event)]`: the stored name of a payload struct, its schema's version, its decoding.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Data, DeriveInput, Ident, LitStr, Type, spanned::Spanned};

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
    let chain = chain(ctxt, ident, options, version);

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
    let versions = chain.map(|old| {
        quote! {
            fn versions<__Visit: #p::VisitVersion>(__visit: &mut __Visit) {
                #p::show_versions::<Self, #old>(__visit);
            }
        }
    });
    let check = chain.map(|old| check_link(options, ident, &name, old, version));
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

            #versions
        }
        #check
    }
}

/// The type of the version before, where there must be one.
fn chain<'a>(ctxt: &Ctxt, ident: &Ident, options: &'a Options, version: u32) -> Option<&'a Type> {
    match (&options.from, options.version) {
        (Some(old), _) if old.to_token_stream().to_string() == ident.to_string() => {
            ctxt.error(
                old,
                format_args!(
                    "`{ident}` cannot come from itself: `from` names the type that has the payload's old form, as in `from = {ident}V1`"
                ),
            );
            None
        }
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

/// Lets rustc check one link: the old type has the same name and the number before, and no other
/// type comes from it. So a chain goes down one by one, ends at 1, and has no fork and no circle.
fn check_link(
    options: &Options,
    ident: &Ident,
    name: &LitStr,
    old: &Type,
    version: u32,
) -> TokenStream {
    let p = options.krate.private(old.span());
    let before = version - 1;
    let shown = old.to_token_stream().to_string().replace(' ', "");
    let stored = name.value();
    let same = format!(
        "`{ident}` and `{shown}`, which it comes from, both have version {version}; each version has a number of its own: `{ident}` the next one"
    );
    let circle = format!(
        "`{ident}` has version {version} and comes from `{shown}`, which has a higher one: the versions lead from old to new, and not in a circle"
    );
    let gap = format!(
        "`{ident}` has version {version}, so `from` must name the event type of version {before}: what is stored with it could not be read"
    );
    let other = format!(
        "`{ident}` is stored as `{stored}`, and `{shown}`, which it comes from, under another name, so that nothing stored would come that way: one `#[event(name = \"…\")]` must stand at both"
    );
    quote_spanned! {old.span()=>
        const _: () = {
            #p::core::assert!(<#old as #p::Event>::VERSION != #version, #same);
            #p::core::assert!(<#old as #p::Event>::VERSION < #version, #circle);
            #p::core::assert!(<#old as #p::Event>::VERSION == #before, #gap);
            #p::core::assert!(#p::is_same_name::<#ident, #old>(), #other);
        };
        #[automatically_derived]
        impl #p::HasOneNextVersion for #old {}
    }
}
