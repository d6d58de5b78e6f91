//! `#[projection]`: a read model, with one handler for each method
//! `fn(&mut self, &Committed<E>)` of the block.
//!
//! With a key it has a document for each key; see [`key`]. With a method `merge` it can be folded
//! in parallel; see [`merge`].
//!
//! Where the methods take a transaction as well it writes tables of its own; see [`sql`].

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{GenericArgument, Ident, LitStr, PathArguments, Type, spanned::Spanned};

use crate::{
    attr::{self, Krate, Options},
    block::{Block, Method},
    ctxt::Ctxt,
    docs, lint,
    method::{self, Access, Argument, Shape},
    span,
};

mod key;
mod merge;
mod sql;

use key::Key;

const SHAPE: Shape = Shape {
    what: "a handler of a projection",
    receiver: Access::Exclusive,
    why: "it changes the read model, and cannot refuse what has happened",
    example: "fn checked_out(&mut self, event: &Committed<CheckedOut>)",
};

pub(crate) fn expand(args: TokenStream, item: &TokenStream) -> TokenStream {
    let ctxt = Ctxt::default();
    let options = attr::of_args(
        &ctxt,
        "projection",
        &["name", "version", "key", "partitions", "crate"],
        args,
    );
    let Some(mut block) = Block::read(&ctxt, "projection", item.clone()) else {
        let errors = ctxt.into_errors();
        return quote!(#item #errors);
    };
    let impls = implement(&ctxt, &options, &block);
    block.strip("given");
    block.strip("key");
    let allow = lint::allow();
    let errors = ctxt.into_errors();
    quote!(#allow #block #impls #errors)
}

/// A method and the event it takes.
struct Handler<'a> {
    method: &'a Method,
    argument: Argument<'a>,
    event: &'a Type,
    key: Key<'a>,
}

fn implement(ctxt: &Ctxt, options: &Options, block: &Block) -> TokenStream {
    if sql::is_sql(block) {
        return sql::implement(ctxt, options, block);
    }
    let mut seen = HashMap::new();
    let mut handlers = Vec::new();
    let keys = key::Keys::of(ctxt, options, block);
    for method in block.methods().filter(|method| !merge::is_merge(method)) {
        handlers.extend(check(ctxt, method, &block.self_ty, &keys, &mut seen));
    }
    let merge = merge::implement(ctxt, &options.krate, block);
    if handlers.is_empty() && ctxt.count() == 0 {
        ctxt.error(
            &block.self_ty,
            format_args!(
                "a projection without handlers stays empty; add one, as in `{}`",
                SHAPE.example
            ),
        );
    }
    let Some(name) = name(ctxt, options, &block.self_ty) else { return TokenStream::new() };
    attr::check_name(ctxt, &name, "a projection");

    let p = options.krate.private(Span::call_site());
    let version = options.version.map_or(1, |version| version.value);
    let docs = docs::of(&block.attrs);
    let self_ty = &block.self_ty;
    let impls = handlers.iter().map(|handler| handle(&options.krate, self_ty, handler));
    let entries = handlers.iter().map(|Handler { method, event, key, .. }| {
        let cfgs = method.cfgs();
        let name = method.name();
        let docs = method.docs();
        let of = key.constructor();
        quote!(#cfgs #p::Handler::#of::<#event>(#name, #docs))
    });
    let shape = keys.shape(&p);
    let consts = keys.consts(&p);
    quote! {
        #(#impls)*

        #[automatically_derived]
        impl #p::Projection for #self_ty {
            const NAME: &'static #p::core::primitive::str = #name;
            const VERSION: #p::core::primitive::u32 = #version;
            const DOCS: &'static #p::core::primitive::str = #docs;
            #consts
            #merge
            const HANDLERS: &'static [#p::Handler<Self>] = &[#(#entries),*];
        }

        #[automatically_derived]
        impl #shape for #self_ty {}
    }
}

fn name(ctxt: &Ctxt, options: &Options, self_ty: &Type) -> Option<LitStr> {
    let ident: Option<&Ident> = match self_ty {
        Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    };
    if ident.is_none() {
        ctxt.error(self_ty, "a projection is a struct or an enum");
    }
    ident.map(|ident| options.name_or(ident))
}

fn check<'a>(
    ctxt: &Ctxt,
    method: &'a Method,
    self_ty: &Type,
    keys: &key::Keys<'a>,
    seen: &mut HashMap<String, String>,
) -> Option<Handler<'a>> {
    let before = ctxt.count();
    attr::refuse(ctxt, "given", &method.attrs, "on an action: a projection cannot refuse an event");
    if let Some(token) = &method.sig.asyncness {
        ctxt.error(
            token,
            "a handler of a projection cannot be `async`: it only folds events; what talks to the world belongs in a reaction",
        );
    }
    SHAPE.check(ctxt, method);
    if !keys.is_keyed() {
        SHAPE.returns_nothing(ctxt, method);
    }
    let Some(argument) = SHAPE.argument(ctxt, method) else {
        if ctxt.count() == before {
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
    let Some(event) = event(argument.ty) else {
        let other = if merge::is_self(argument.ty, self_ty) {
            "; what joins the folds of two ranges of the log is called `merge`"
        } else {
            ""
        };
        ctxt.error(
            argument.ty,
            format_args!(
                "{} takes a committed event by reference, as in `{}`{other}",
                SHAPE.what, SHAPE.example
            ),
        );
        return None;
    };
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
    let key = keys.key(ctxt, method)?;
    Some(Handler { method, argument, event, key })
}

/// `E` in `&Committed<E>`: the last generic argument.
pub(crate) fn event(ty: &Type) -> Option<&Type> {
    let Type::Reference(reference) = ty else { return None };
    let Type::Path(path) = &*reference.elem else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    match arguments.args.last()? {
        GenericArgument::Type(event) => Some(event),
        _ => None,
    }
}

fn handle(krate: &Krate, self_ty: &Type, handler: &Handler<'_>) -> TokenStream {
    let Handler { method, argument, event, key } = handler;
    let p = krate.private(argument.colon);
    let open = quote_spanned!(argument.colon=> #p::Handles<);
    let close = quote_spanned!(argument.ty.span()=> >);
    let attrs = method.impl_attrs();
    let key = key.implement(krate, self_ty, event, &attrs);
    let p = krate.private(Span::call_site());
    let ident = method.ident();
    let at = method::returned(method);
    let fate = span::moved(quote!(#p::fate(Self::#ident(self, __event))), at);
    quote! {
        #attrs
        impl #open #event #close for #self_ty {
            fn handle(&mut self, __event: &#p::Committed<#event>) -> #p::Fate {
                #fate
            }
        }
        #key
    }
}
