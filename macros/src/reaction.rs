//! `#[reaction]`: what the program does after events, with one handler for each method
//! `async fn(&self, &Committed<E>, …) -> Result<(), Fault>` of the block.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, LitStr, PatType, ReturnType, Token, Type, spanned::Spanned};

use crate::{
    attr::{self, Krate, Length, Options},
    block::{Block, Method},
    ctxt::Ctxt,
    docs,
    method::{self, Access, Shape},
    projection, span,
};

const SHAPE: Shape = Shape {
    what: "a handler of a reaction",
    receiver: Access::Shared,
    why: "events of several streams are handled at the same time",
    example: "async fn checked_out(&self, event: &Committed<CheckedOut>) -> Result<(), Fault>",
};

const KEYS: &[&str] =
    &["name", "from", "attempts", "backoff", "longest", "parallel", "lease", "crate"];

pub(crate) fn expand(args: TokenStream, item: &TokenStream) -> TokenStream {
    let ctxt = Ctxt::default();
    let options = attr::of_args(&ctxt, "reaction", KEYS, args);
    let Some(mut block) = Block::read(&ctxt, "reaction", item.clone()) else {
        let errors = ctxt.into_errors();
        return quote!(#item #errors);
    };
    let impls = implement(&ctxt, &options, &block);
    block.strip("given");
    let errors = ctxt.into_errors();
    quote! {
        #[allow(
            clippy::needless_pass_by_value,
            clippy::unnecessary_wraps,
            clippy::unused_async,
            clippy::unused_self,
            reason = "the signature is the declaration"
        )]
        #block
        #impls
        #errors
    }
}

/// A method, the event it takes, and what else it is given.
struct Handler<'a> {
    method: &'a Method,
    argument: &'a PatType,
    event: &'a Type,
    parts: Vec<&'a PatType>,
    arrow: &'a Token![->],
    output: &'a Type,
}

fn implement(ctxt: &Ctxt, options: &Options, block: &Block) -> TokenStream {
    let mut seen = HashMap::new();
    let mut handlers = Vec::new();
    for method in block.methods() {
        handlers.extend(check(ctxt, method, &mut seen));
    }
    if handlers.is_empty() && ctxt.count() == 0 {
        ctxt.error(
            &block.self_ty,
            format_args!(
                "a reaction without handlers never does anything; add one, as in `{}`",
                SHAPE.example
            ),
        );
    }
    let Some(name) = name(ctxt, options, &block.self_ty) else { return TokenStream::new() };
    attr::check_name(ctxt, &name, "a reaction");

    let p = options.krate.private(Span::call_site());
    let docs = docs::of(&block.attrs);
    let self_ty = &block.self_ty;
    let policy = policy(&p, options);
    let start = start(ctxt, &p, options);
    let impls = handlers.iter().map(|handler| react(&options.krate, self_ty, handler));
    let entries = handlers.iter().map(|Handler { method, event, .. }| {
        let cfgs = method.cfgs();
        let name = method.name();
        let docs = method.docs();
        quote!(#cfgs #p::Reactor::of::<#event>(#name, #docs))
    });
    quote! {
        #(#impls)*

        #[automatically_derived]
        impl #p::Reaction for #self_ty {
            const NAME: &'static #p::core::primitive::str = #name;
            const DOCS: &'static #p::core::primitive::str = #docs;
            const POLICY: #p::Policy = #policy;
            #start
            const HANDLERS: &'static [#p::Reactor<Self>] = &[#(#entries),*];
        }
    }
}

/// Where it begins, unless that is the first event of the log.
fn start(ctxt: &Ctxt, p: &TokenStream, options: &Options) -> Option<TokenStream> {
    let word = options.begins.as_ref()?;
    if word == "now" {
        return Some(quote!(const START: #p::Start = #p::Start::Now;));
    }
    ctxt.error(
        word,
        format_args!(
            "a reaction begins with the first event of the log, or with what comes `from = now`; `{word}` is no place to begin",
        ),
    );
    None
}

fn policy(p: &TokenStream, options: &Options) -> TokenStream {
    let number = |name: &str, number: Option<attr::Number>| {
        let name = Ident::new(name, Span::call_site());
        number.map(|number| quote!(__policy.#name = #number;))
    };
    let length = |name: &str, length: Option<Length>| {
        let name = Ident::new(name, Span::call_site());
        length.map(|Length { millis }| {
            quote!(__policy.#name = #p::core::time::Duration::from_millis(#millis);)
        })
    };
    let changes: Vec<_> = [
        number("attempts", options.attempts),
        length("backoff", options.backoff),
        length("longest", options.longest),
        number("parallel", options.parallel),
        length("lease", options.lease),
    ]
    .into_iter()
    .flatten()
    .collect();
    if changes.is_empty() {
        return quote!(#p::Policy::DEFAULT);
    }
    quote! {
        {
            let mut __policy = #p::Policy::DEFAULT;
            #(#changes)*
            __policy
        }
    }
}

fn name(ctxt: &Ctxt, options: &Options, self_ty: &Type) -> Option<LitStr> {
    let ident: Option<&Ident> = match self_ty {
        Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    };
    if ident.is_none() {
        ctxt.error(self_ty, "a reaction is a struct or an enum");
    }
    ident.map(|ident| options.name_or(ident))
}

fn check<'a>(
    ctxt: &Ctxt,
    method: &'a Method,
    seen: &mut HashMap<String, String>,
) -> Option<Handler<'a>> {
    let before = ctxt.count();
    attr::refuse(ctxt, "given", &method.attrs, "on an action: a reaction cannot refuse an event");
    if method.sig.asyncness.is_none() {
        ctxt.error(
            method.sig.fn_token,
            format_args!("{} is `async`, as in `{}`", SHAPE.what, SHAPE.example),
        );
    }
    SHAPE.check(ctxt, method);
    let output = output(ctxt, method);
    let mut arguments = method::typed(&method.sig.inputs);
    let Some(argument) = arguments.next() else {
        if method.sig.receiver().is_some() {
            ctxt.error(
                method.ident(),
                format_args!(
                    "`{}` takes no event; {} looks like `{}`",
                    method.ident(),
                    SHAPE.what,
                    SHAPE.example
                ),
            );
        }
        return None;
    };
    let Some(event) = projection::event(&argument.ty) else {
        ctxt.error(
            &argument.ty,
            format_args!(
                "{} first takes a committed event by reference, as in `{}`",
                SHAPE.what, SHAPE.example
            ),
        );
        return None;
    };
    let parts: Vec<&PatType> = arguments.collect();
    for part in &parts {
        if let Type::ImplTrait(ty) = &*part.ty {
            ctxt.error(ty, format_args!("{} names the types it takes", SHAPE.what));
        }
    }
    let (arrow, output) = output?;
    if ctxt.count() > before {
        return None;
    }
    if method.cfgs().is_empty() {
        let text = method::text(event);
        if let Some(first) = seen.get(&text) {
            ctxt.error(event, format_args!("`{text}` is already handled by `{first}`"));
            return None;
        }
        seen.insert(text, method.name());
    }
    Some(Handler { method, argument, event, parts, arrow, output })
}

fn output<'a>(ctxt: &Ctxt, method: &'a Method) -> Option<(&'a Token![->], &'a Type)> {
    match &method.sig.output {
        ReturnType::Type(arrow, ty) => Some((arrow, ty)),
        ReturnType::Default => {
            ctxt.error(
                method.ident(),
                format_args!(
                    "`{}` returns nothing; {} tells whether it worked: `-> Result<(), Fault>`",
                    method.ident(),
                    SHAPE.what
                ),
            );
            None
        }
    }
}

fn react(krate: &Krate, self_ty: &Type, handler: &Handler<'_>) -> TokenStream {
    let Handler { method, argument, event, parts, arrow, output } = handler;
    let colon = argument.colon_token.span;
    let p = krate.private(colon);
    let open = quote_spanned!(colon=> #p::Reacts<);
    let close = quote_spanned!(argument.ty.span()=> >);
    let error = {
        let p = krate.private(arrow.span());
        let open = quote_spanned!(arrow.span()=> <);
        let close = quote_spanned!(span::last(output)=> as #p::Handled>::Error);
        quote!(#open #output #close)
    };
    let as_part = |part: &&PatType| {
        let p = krate.private(part.colon_token.span);
        let open = quote_spanned!(part.colon_token.span=> <);
        let close = quote_spanned!(span::last(&part.ty)=> as #p::Part<'_>>);
        let ty = &part.ty;
        quote!(#open #ty #close)
    };
    let asks = parts.iter().map(as_part);
    let given = parts.iter().map(as_part);
    let attrs = method.impl_attrs();
    let p = krate.private(Span::call_site());
    let ident = method.ident();
    quote! {
        #attrs
        impl #open #event #close for #self_ty {
            type Error = #error;

            fn asks(__out: &mut #p::std::vec::Vec<#p::Asked>) {
                #(#asks::asks(__out);)*
                _ = __out;
            }

            fn react<'__a>(
                &'__a self,
                __event: &'__a #p::Committed<#event>,
                __cx: &'__a #p::Cx,
            ) -> impl #p::core::future::Future<
                Output = #p::core::result::Result<(), Self::Error>,
            > + #p::core::marker::Send + '__a {
                _ = __cx;
                Self::#ident(self, __event #(, #given::of(__cx))*)
            }
        }
    }
}
