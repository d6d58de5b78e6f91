//! `#[derive(Events)]`: the closed set of an aggregate's events, an enum of newtype variants.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Data, DataEnum, DeriveInput, Fields, Ident, Type, Variant};

use crate::{
    attr::{self, Options},
    ctxt::Ctxt,
};

pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let ctxt = Ctxt::default();
    let options = attr::of_item(&ctxt, "events", &["crate"], &input.attrs);
    if !input.generics.params.is_empty() {
        ctxt.error(&input.generics, "a set of events cannot be generic");
    }
    let variants = match &input.data {
        Data::Enum(data) => check(&ctxt, &input.ident, data),
        Data::Struct(data) => {
            ctxt.error(
                data.struct_token,
                "a set of events is an enum; for the payload of one event, derive `Event`",
            );
            Vec::new()
        }
        Data::Union(data) => {
            ctxt.error(data.union_token, "a set of events is an enum, not a union");
            Vec::new()
        }
    };
    let is_supported = input.generics.params.is_empty();
    let output = is_supported.then(|| implement(&ctxt, &options, &input.ident, &variants));
    let errors = ctxt.into_errors();
    quote!(#output #errors)
}

/// One event of the set.
struct Member<'a> {
    variant: &'a Ident,
    payload: &'a Type,
}

/// The variants that can be used.
fn check<'a>(ctxt: &Ctxt, set: &Ident, data: &'a DataEnum) -> Vec<Member<'a>> {
    if data.variants.is_empty() {
        ctxt.error(
            set,
            "an aggregate without events can have no state: add a variant, as in `ItemAdded(ItemAdded)`",
        );
    }
    let mut members: Vec<Member<'a>> = Vec::new();
    for variant in &data.variants {
        attr::refuse(ctxt, "events", &variant.attrs, "on the enum, not on a variant");
        let Some(payload) = payload(ctxt, variant) else { continue };
        let text = quote!(#payload).to_string();
        let same = members.iter().find(|member| {
            let payload = member.payload;
            quote!(#payload).to_string() == text
        });
        match same {
            Some(first) => ctxt.error(
                payload,
                format_args!(
                    "`{}` is already held by the variant `{}`; each event stands in a set once",
                    text.replace(' ', ""),
                    first.variant,
                ),
            ),
            None => members.push(Member { variant: &variant.ident, payload }),
        }
    }
    members
}

fn payload<'a>(ctxt: &Ctxt, variant: &'a Variant) -> Option<&'a Type> {
    let ident = &variant.ident;
    let hint = format!("write `{ident}({ident})`, with a struct `{ident}` that derives `Event`");
    match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            return fields.unnamed.first().map(|field| &field.ty);
        }
        Fields::Unnamed(fields) => {
            let count = fields.unnamed.len();
            ctxt.error(
                variant,
                format_args!(
                    "each variant holds one event, and this one has {count} fields: {hint}"
                ),
            );
        }
        Fields::Named(_) => {
            ctxt.error(
                variant,
                format_args!("each variant holds one event, and this one has named fields: {hint}"),
            );
        }
        Fields::Unit => {
            ctxt.error(
                variant,
                format_args!(
                    "each variant holds one event, and this one holds nothing: {hint} (`struct {ident};` will do)"
                ),
            );
        }
    }
    None
}

fn implement(ctxt: &Ctxt, options: &Options, set: &Ident, members: &[Member<'_>]) -> TokenStream {
    let p = options.krate.private(Span::call_site());
    // With an error there may be variants that are not among the members.
    let rest = (ctxt.count() > 0).then(|| quote!(_ => #p::core::unreachable!(),));
    let events = implement_events(&p, set, members, rest.as_ref());
    let apply = implement_apply(&p, set, members, rest.as_ref());
    let members = members.iter().map(|member| implement_member(&p, set, member));
    quote! {
        const _: () = {
            #events
            #apply
            #(#members)*
        };
    }
}

fn implement_events(
    p: &TokenStream,
    set: &Ident,
    members: &[Member<'_>],
    rest: Option<&TokenStream>,
) -> TokenStream {
    let variants: Vec<_> = members.iter().map(|member| member.variant).collect();
    let payloads: Vec<_> = members.iter().map(|member| member.payload).collect();
    let unique = format!(
        "two events of `{set}` are stored under one name; give one of them another with `#[event(name = \"…\")]`"
    );
    let unique = proc_macro2::Literal::string(&unique);
    let assert = quote_spanned! {set.span()=>
        const _: () = #p::core::assert!(
            #p::names_are_unique(<#set as #p::Events>::KINDS),
            #unique
        );
    };
    quote! {
        #[automatically_derived]
        impl #p::Events for #set {
            const KINDS: &'static [#p::Kind] = &[#(#p::kind::<#set, #payloads>()),*];

            fn kind(&self) -> &'static #p::Kind {
                match self {
                    #(Self::#variants(_) => const { &#p::kind::<#set, #payloads>() },)*
                    #rest
                }
            }

            fn encode(
                &self,
                __out: &mut #p::std::vec::Vec<#p::core::primitive::u8>,
            ) -> #p::core::result::Result<(), #p::serde_json::Error> {
                match self {
                    #(
                        Self::#variants(__event) => {
                            #p::encode::<#set, #payloads>(__event, __out)
                        }
                    )*
                    #rest
                }
            }

            fn decode(
                __name: &#p::core::primitive::str,
                __version: #p::core::primitive::u32,
                __data: &[#p::core::primitive::u8],
            ) -> #p::core::result::Result<Self, #p::DecodeError> {
                match __name {
                    #(
                        _ if #p::is_named::<#set, #payloads>(__name) => {
                            #p::decode_as::<#set, #payloads>(__version, __data)
                        }
                    )*
                    _ => #p::core::result::Result::Err(#p::unknown_name::<Self>(__name)),
                }
            }

            fn payloads<__Visit: #p::VisitPayload>(__visit: &mut __Visit) {
                #(#p::show::<#set, #payloads>(__visit);)*
            }
        }

        #assert

        #[automatically_derived]
        impl #p::Payload for #set {
            fn serialize<__S: #p::serde::Serializer>(
                &self,
                __serializer: __S,
            ) -> #p::core::result::Result<__S::Ok, __S::Error> {
                match self {
                    #(
                        Self::#variants(__event) => {
                            #p::serialize::<#set, #payloads, __S>(__event, __serializer)
                        }
                    )*
                    #rest
                }
            }
        }

        #[automatically_derived]
        impl<__Aggregate> #p::Emits<#set, __Aggregate> for #set {
            fn emit(self, __out: &mut #p::std::vec::Vec<#set>) {
                #p::std::vec::Vec::push(__out, self);
            }

            fn kinds(__out: &mut #p::std::vec::Vec<&'static #p::Kind>) {
                #p::core::iter::Extend::extend(__out, <#set as #p::Events>::KINDS);
            }
        }
    }
}

fn implement_apply(
    p: &TokenStream,
    set: &Ident,
    members: &[Member<'_>],
    rest: Option<&TokenStream>,
) -> TokenStream {
    let variants = members.iter().map(|member| member.variant);
    let payloads: Vec<_> = members.iter().map(|member| member.payload).collect();
    quote! {
        #[automatically_derived]
        impl<__Aggregate> #p::Apply<__Aggregate> for #set
        where
            __Aggregate: #p::Aggregate<Events = #set> #(+ #p::Patch<#payloads>)*,
        {
            fn apply(self, __state: &mut __Aggregate) {
                match self {
                    #(
                        Self::#variants(__event) => {
                            <__Aggregate as #p::Patch<#payloads>>::patch(__state, __event)
                        }
                    )*
                    #rest
                }
            }
        }
    }
}

fn implement_member(p: &TokenStream, set: &Ident, member: &Member<'_>) -> TokenStream {
    let Member { variant, payload } = member;
    quote! {
        #[automatically_derived]
        impl #p::core::convert::From<#payload> for #set {
            fn from(__event: #payload) -> Self {
                Self::#variant(__event)
            }
        }

        #[automatically_derived]
        impl<__Aggregate> #p::EventOf<#set, __Aggregate> for #payload {}

        #[automatically_derived]
        impl<__Aggregate> #p::Emits<#set, __Aggregate> for #payload {
            fn emit(self, __out: &mut #p::std::vec::Vec<#set>) {
                #p::std::vec::Vec::push(__out, #set::#variant(self));
            }

            fn kinds(__out: &mut #p::std::vec::Vec<&'static #p::Kind>) {
                #p::std::vec::Vec::push(__out, const { &#p::kind::<#set, #payload>() });
            }
        }
    }
}
