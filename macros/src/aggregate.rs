//! `#[derive(Aggregate)]`: ties a state to its events and names its streams.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Ident, Type};

use crate::{
    attr::{self, Options},
    ctxt::Ctxt,
    docs, method, span,
};

const KEYS: &[&str] = &["events", "name", "snapshot_every", "undo", "crate"];

pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let ctxt = Ctxt::default();
    let options = attr::of_item(&ctxt, "aggregate", KEYS, &input.attrs);
    let ident = &input.ident;
    match &input.data {
        Data::Union(data) => {
            ctxt.error(data.union_token, "an aggregate is a struct or an enum, not a union");
        }
        Data::Struct(data) => {
            for field in &data.fields {
                attr::refuse(&ctxt, "aggregate", &field.attrs, "on the struct, not on a field");
            }
        }
        Data::Enum(data) => {
            for variant in &data.variants {
                attr::refuse(&ctxt, "aggregate", &variant.attrs, "on the enum, not on a variant");
            }
        }
    }
    if !input.generics.params.is_empty() {
        ctxt.error(
            &input.generics,
            "an aggregate cannot be generic: its name stands for one type of state",
        );
    }
    let name = options.name_or(ident);
    attr::check_name(&ctxt, &name, "an aggregate");
    if name.value().contains('-') {
        ctxt.error(
            &name,
            "the name of an aggregate must not contain `-`: in a stream's name, as in `Cart-123`, the first `-` ends it",
        );
    }
    if options.events.is_none() && ctxt.count() == 0 {
        ctxt.error(
            ident,
            format_args!(
                "which events does `{ident}` have? Add `#[aggregate(events = {ident}Event)]`, with an enum `{ident}Event` that derives `Events`"
            ),
        );
    }

    let is_supported = input.generics.params.is_empty() && !matches!(input.data, Data::Union(_));
    let output = options.events.as_ref().filter(|_| is_supported).map(|events| {
        let p = options.krate.private(Span::call_site());
        let docs = docs::of(&input.attrs);
        let snapshot_every = options.snapshot_every.map_or_else(
            || quote!(#p::core::option::Option::None),
            |number| quote!(#p::core::option::Option::Some(#number)),
        );
        let (inverses, undoable) = undo(&ctxt, &options, ident);
        quote! {
            #[automatically_derived]
            impl #p::Aggregate for #ident {
                type Events = #events;
                const NAME: &'static #p::core::primitive::str = #name;
                const DOCS: &'static #p::core::primitive::str = #docs;
                const SNAPSHOT_EVERY: #p::core::option::Option<#p::core::primitive::u64> =
                    #snapshot_every;
                #inverses
            }
            #undoable
        }
    });
    let errors = ctxt.into_errors();
    quote!(#output #errors)
}

/// The inverses of the events that are declared undoable, and what tells rustc of the declaration.
fn undo(ctxt: &Ctxt, options: &Options, ident: &Ident) -> (TokenStream, TokenStream) {
    let mut events: Vec<&Type> = Vec::new();
    for event in &options.undo {
        let text = method::text(event);
        if events.iter().any(|other| method::text(other) == text) {
            ctxt.error(event, format_args!("`{text}` is declared undoable twice"));
        } else {
            events.push(event);
        }
    }
    if events.is_empty() {
        return (TokenStream::new(), TokenStream::new());
    }
    let p = options.krate.private(Span::call_site());
    // What is missing for an event is told at the event.
    let inverses = events.iter().map(|event| {
        let at = span::first(event);
        let p = options.krate.private(at);
        let open = quote_spanned!(at=> #p::Inverse::<Self>::of::<);
        let close = quote_spanned!(span::last(event)=> >());
        quote!(#open #event #close)
    });
    let inverses = quote! {
        const INVERSES: &'static [#p::Inverse<Self>] = &[#(#inverses),*];
    };
    let undoable = quote! {
        #[automatically_derived]
        impl #p::Undoes for #ident {}

        #(
            #[automatically_derived]
            impl #p::Undoable<#ident> for #events {}
        )*
    };
    (inverses, undoable)
}
