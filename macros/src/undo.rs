//! `#[undo]`: one `Undo` for each function `fn(before: &Self, event: &E) -> …` of the block.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{PatType, ReturnType, Type, spanned::Spanned};

use crate::{
    attr::{self, Krate},
    block::{Block, Method},
    ctxt::Ctxt,
    lint,
    method::{self, Argument},
    span,
};

const EXAMPLE: &str = "fn undo_item_added(before: &Cart, event: &ItemAdded) -> ItemRemoved";

pub(crate) fn expand(args: TokenStream, item: &TokenStream) -> TokenStream {
    let ctxt = Ctxt::default();
    let options = attr::of_args(&ctxt, "undo", &["crate"], args);
    let Some(mut block) = Block::read(&ctxt, "undo", item.clone()) else {
        let errors = ctxt.into_errors();
        return quote!(#item #errors);
    };
    let mut seen = HashMap::new();
    let impls: TokenStream = block
        .methods()
        .filter_map(|method| implement(&ctxt, &options.krate, &block, method, &mut seen))
        .collect();
    block.strip("given");
    let allow = lint::allow();
    let errors = ctxt.into_errors();
    // `-> ()` says that there is nothing to take back, and has to be written.
    quote!(#allow #[allow(clippy::unused_unit)] #block #impls #errors)
}

fn implement(
    ctxt: &Ctxt,
    krate: &Krate,
    block: &Block,
    method: &Method,
    seen: &mut HashMap<String, String>,
) -> Option<TokenStream> {
    let count = ctxt.count();
    attr::refuse(ctxt, "given", &method.attrs, "on an action: an inverse refuses by a `Result`");
    check_start(ctxt, method);
    check_output(ctxt, method);
    let (before, event) = in_order(ctxt, block, arguments(ctxt, method)?);
    let argument =
        Argument { colon: event.colon_token.span, ty: borrowed(ctxt, event, "the event") };
    let text = argument.text();
    // Under different `cfg`s there may be several for one event; rustc finds those that collide.
    if method.cfgs().is_empty() {
        if let Some(first) = seen.get(&text) {
            ctxt.error(
                argument.ty,
                format_args!("`{text}` has an inverse already: `{first}`; an event has one"),
            );
            return None;
        }
        seen.insert(text, method.name());
    }
    if let Some(before) = before {
        borrowed(ctxt, before, "the state before the event");
    }

    let p = krate.private(Span::call_site());
    let bound = argument.bound(&krate.private(argument.colon), "Undo");
    let attrs = method.impl_attrs();
    let self_ty = &block.self_ty;
    let ty = argument.ty;
    let (name, docs) = (method.name(), method.docs());
    let (types, refuses) = types(krate, &method.sig.output);
    let declared = declared(krate, &argument);
    let body = match before {
        Some(before) if ctxt.count() == count => {
            let call = call(method, before, event);
            if refuses { call } else { quote!(#p::core::result::Result::Ok(#call)) }
        }
        _ => quote!(#p::core::unreachable!()),
    };
    Some(quote! {
        #attrs
        impl #bound for #self_ty {
            #types
            const METHOD: &'static #p::core::primitive::str = #name;
            const DOCS: &'static #p::core::primitive::str = #docs;

            fn undo(
                __before: &Self,
                __event: &#ty,
            ) -> #p::core::result::Result<Self::Emits, Self::Refusal> {
                #declared
                #body
            }
        }
    })
}

/// Checks what comes before the arguments: modifiers, generics, the receiver that is none.
fn check_start(ctxt: &Ctxt, method: &Method) {
    let sig = &method.sig;
    if let Some(token) = &sig.asyncness {
        ctxt.error(
            token,
            "an inverse cannot be `async`: it only decides, and is repeated after a conflict",
        );
    }
    if let syn::Safety::Unsafe(token) = &sig.safety {
        ctxt.error(token, "an inverse cannot be `unsafe`");
    }
    if !sig.generics.params.is_empty() {
        ctxt.error(&sig.generics, "an inverse cannot be generic: its types are its declaration");
    }
    if let Some(receiver) = sig.receiver() {
        ctxt.error(
            receiver,
            format_args!(
                "an inverse has no `self`: it looks at the state as it was before the event, not as it is; write `{EXAMPLE}`"
            ),
        );
    }
}

fn check_output(ctxt: &Ctxt, method: &Method) {
    let ident = method.ident();
    match &method.sig.output {
        ReturnType::Default => ctxt.error(
            ident,
            format_args!(
                "`{ident}` returns nothing; an inverse returns the events that take this one back: `-> SomeEvent`, `-> ()` if there is nothing to do, `-> Result<SomeEvent, SomeReason>` if it may refuse"
            ),
        ),
        ReturnType::Type(_, ty) if method::mentions_impl(ty.to_token_stream()) => ctxt.error(
            ty,
            "an inverse names the events it emits: `impl Trait` would hide them",
        ),
        ReturnType::Type(..) => {}
    }
}

/// The state, unless it is lacking, and the event.
fn arguments<'a>(ctxt: &Ctxt, method: &'a Method) -> Option<(Option<&'a PatType>, &'a PatType)> {
    let mut arguments = method::typed(&method.sig.inputs);
    let found = (arguments.next(), arguments.next());
    for extra in arguments {
        ctxt.error(
            extra,
            format_args!("an inverse takes two arguments, the state and the event: `{EXAMPLE}`"),
        );
    }
    if let (Some(before), Some(event)) = found {
        return Some((Some(before), event));
    }
    // In place of the state there may be a receiver, which is told already.
    if method.sig.receiver().is_none() {
        let ident = method.ident();
        ctxt.error(
            ident,
            format_args!(
                "`{ident}` lacks the state or the event; an inverse looks like `{EXAMPLE}`. Other functions belong in a plain `impl` block"
            ),
        );
    }
    found.0.map(|event| (None, event))
}

/// The event comes last: where the state does, the two have changed places.
fn in_order<'a>(
    ctxt: &Ctxt,
    block: &Block,
    (before, event): (Option<&'a PatType>, &'a PatType),
) -> (Option<&'a PatType>, &'a PatType) {
    let Type::Reference(reference) = &*event.ty else { return (before, event) };
    let text = method::text(&reference.elem);
    let is_state = text == "Self" || text == method::text(&block.self_ty);
    match before {
        Some(other) if is_state => {
            ctxt.error(
                event,
                format_args!("the state comes first, then the event, as in `{EXAMPLE}`"),
            );
            (Some(event), other)
        }
        _ => (before, event),
    }
}

/// What a shared reference refers to; anything else is an error, and counts as that.
fn borrowed<'a>(ctxt: &Ctxt, argument: &'a PatType, what: &str) -> &'a Type {
    let (ty, fault) = match &*argument.ty {
        Type::Reference(reference) if reference.mutability.is_none() => return &reference.elem,
        Type::Reference(reference) => (&*reference.elem, "only looks at"),
        ty => (ty, "borrows"),
    };
    let right = method::text(ty);
    ctxt.error(&argument.ty, format_args!("an inverse {fault} {what}: write `&{right}`"));
    ty
}

/// Has rustc check that the event is declared undoable; an error about it underlines `: &Event`.
fn declared(krate: &Krate, argument: &Argument<'_>) -> TokenStream {
    let Argument { colon, ty } = *argument;
    let p = krate.private(colon);
    let open = quote_spanned!(colon=> #p::is_declared::<Self,);
    let close = quote_spanned!(span::last(&ty)=> >());
    quote!(#open #ty #close;)
}

/// The call; an error about an argument underlines its type.
fn call(method: &Method, before: &PatType, event: &PatType) -> TokenStream {
    let ident = method.ident();
    let before = quote_spanned!(before.ty.span()=> __before);
    let event = quote_spanned!(event.ty.span()=> __event);
    let (before, event) = (resolved(before), resolved(event));
    quote!(Self::#ident(#before, #event))
}

/// The names of the generated function, at another place.
fn resolved(tokens: TokenStream) -> TokenStream {
    let place = |mut token: proc_macro2::TokenTree| {
        let span = Span::call_site().located_at(token.span());
        token.set_span(span);
        token
    };
    tokens.into_iter().map(place).collect()
}

/// What is emitted and what is refused with, and whether it may refuse; an error about either
/// underlines `-> …`.
fn types(krate: &Krate, output: &ReturnType) -> (TokenStream, bool) {
    let p = krate.private(Span::call_site());
    let never = quote!(type Refusal = #p::core::convert::Infallible;);
    match output {
        ReturnType::Type(_, ty) if method::mentions_impl(ty.to_token_stream()) => {
            (quote!(type Emits = (); #never), false)
        }
        ReturnType::Type(arrow, ty) if is_result(ty) => {
            let p = krate.private(arrow.span());
            let open = quote_spanned!(arrow.span()=> <);
            let close = span::last(ty);
            let emits = quote_spanned!(close=> as #p::Returns>::Emits);
            let refusal = quote_spanned!(close=> as #p::Returns>::Error);
            let types = quote! {
                type Emits = #open #ty #emits;
                type Refusal = #open #ty #refusal;
            };
            (types, true)
        }
        ReturnType::Type(_, ty) => (quote!(type Emits = #ty; #never), false),
        ReturnType::Default => (quote!(type Emits = (); #never), false),
    }
}

/// Whether a type is written as a `Result`: what it stands for is not known here.
fn is_result(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Result"),
        Type::Group(group) => is_result(&group.elem),
        Type::Paren(paren) => is_result(&paren.elem),
        _ => false,
    }
}
