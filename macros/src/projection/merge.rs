//! `fn merge(&mut self, later: Self)`: joins the fold of some events with that of later ones, so
//! that a large log can be folded in ranges beside each other.
//!
//! It is known by its name, and by what it takes: a `merge` that takes an event is a handler.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Type;

use super::event;
use crate::{
    attr::{self, Krate},
    block::{Block, Method},
    ctxt::Ctxt,
    method::{self, Access, Shape},
};

const SHAPE: Shape = Shape {
    what: "the `merge` of a projection",
    receiver: Access::Exclusive,
    why: "it takes in what was folded from later events",
    example: "fn merge(&mut self, later: Self)",
};

/// Whether a method joins two folds.
pub(super) fn is_merge(method: &Method) -> bool {
    method.name() == "merge"
        && method::typed(&method.sig.inputs).next().is_none_or(|first| event(&first.ty).is_none())
}

/// Whether a type is the one that the block is for.
pub(super) fn is_self(ty: &Type, self_ty: &Type) -> bool {
    let text = method::text(&ty);
    text == "Self" || text == method::text(&self_ty)
}

/// The constant that hands it over, if the block has one that is right.
pub(super) fn implement(ctxt: &Ctxt, krate: &Krate, block: &Block) -> TokenStream {
    let p = krate.private(Span::call_site());
    let merges = block.methods().filter(|method| is_merge(method));
    let right = merges.filter(|method| check(ctxt, method, &block.self_ty));
    right
        .map(|method| {
            let cfgs = method.cfgs();
            let ident = method.ident();
            quote! {
                #cfgs
                const MERGE: #p::core::option::Option<fn(&mut Self, Self)> =
                    #p::core::option::Option::Some(Self::#ident);
            }
        })
        .collect()
}

/// Refuses one where there are no documents to be merged.
pub(super) fn refuse(ctxt: &Ctxt, method: &Method) {
    ctxt.error(
        method.ident(),
        "a SQL projection cannot `merge`: its tables are written event by event, in the order of the log",
    );
}

fn check(ctxt: &Ctxt, method: &Method, self_ty: &Type) -> bool {
    let before = ctxt.count();
    attr::refuse(ctxt, "given", &method.attrs, "on an action: folds are always merged");
    attr::refuse(ctxt, "key", &method.attrs, "on a handler: folds of the same key are merged");
    if let Some(token) = &method.sig.asyncness {
        ctxt.error(
            token,
            format_args!("{} cannot be `async`: it only joins two folds", SHAPE.what),
        );
    }
    SHAPE.check(ctxt, method);
    SHAPE.returns_nothing(ctxt, method);
    match SHAPE.argument(ctxt, method) {
        Some(argument) if !is_self(argument.ty, self_ty) => ctxt.error(
            argument.ty,
            format_args!(
                "{} takes the fold of the later events by value, as in `{}`",
                SHAPE.what, SHAPE.example
            ),
        ),
        None if ctxt.count() == before => ctxt.error(
            method.ident(),
            format_args!(
                "{} takes the fold of the later events; write `{}`",
                SHAPE.what, SHAPE.example
            ),
        ),
        _ => {}
    }
    ctxt.count() == before
}
