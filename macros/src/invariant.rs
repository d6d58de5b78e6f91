//! `#[invariant]`: what must hold of an aggregate, a method `fn(&self) -> Result<(), E>` each.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{ReturnType, spanned::Spanned};

use crate::{
    attr::{self, Krate},
    block::{Block, Method},
    ctxt::Ctxt,
    lint,
    method::{self, Access, Shape},
};

const SHAPE: Shape = Shape {
    what: "an invariant",
    receiver: Access::Shared,
    why: "it only looks at the state",
    example: "fn total_fits(&self) -> Result<(), CartError>",
};

pub(crate) fn expand(args: TokenStream, item: &TokenStream) -> TokenStream {
    let ctxt = Ctxt::default();
    let options = attr::of_args(&ctxt, "invariant", &["crate"], args);
    let Some(mut block) = Block::read(&ctxt, "invariant", item.clone()) else {
        let errors = ctxt.into_errors();
        return quote!(#item #errors);
    };
    let p = options.krate.private(Span::call_site());
    let entries: Vec<TokenStream> =
        block.methods().filter_map(|method| entry(&ctxt, &options.krate, method)).collect();
    block.strip("given");
    let self_ty = &block.self_ty;
    let allow = lint::allow();
    let errors = ctxt.into_errors();
    quote! {
        #allow
        #block

        #[automatically_derived]
        impl #p::Invariants for #self_ty {
            const INVARIANTS: &'static [#p::Invariant<Self>] = &[#(#entries),*];
        }
        #errors
    }
}

/// The entry of a method; one with a fault is told and left out.
fn entry(ctxt: &Ctxt, krate: &Krate, method: &Method) -> Option<TokenStream> {
    let before = ctxt.count();
    let ident = method.ident();
    attr::refuse(ctxt, "given", &method.attrs, "on an action: an invariant holds at all times");
    if let Some(token) = &method.sig.asyncness {
        ctxt.error(token, "an invariant cannot be `async`: it only looks at the state");
    }
    SHAPE.check(ctxt, method);
    for input in method::typed(&method.sig.inputs) {
        ctxt.error(
            input,
            format_args!(
                "an invariant takes no input: it only looks at the state, as in `{}`",
                SHAPE.example
            ),
        );
    }
    let right = format!("write `fn {ident}(&self) -> Result<(), SomeError>`");
    let at = match &method.sig.output {
        ReturnType::Default => {
            ctxt.error(ident, format_args!("the invariant `{ident}` tells nothing: {right}"));
            ident.span()
        }
        ReturnType::Type(_, ty) => {
            if matches!(method::text(ty).as_str(), "bool" | "()") {
                ctxt.error(ty, format_args!("an invariant tells what is wrong: {right}"));
            }
            ty.span()
        }
    };
    if ctxt.count() > before {
        return None;
    }
    let (p, q) = (krate.private(Span::call_site()), krate.private(at));
    let (cfgs, name, docs) = (method.cfgs(), method.name(), method.docs());
    let check = quote_spanned!(at=> #q::holds(Self::#ident(__state)));
    Some(quote! {
        #cfgs
        #p::Invariant {
            name: #name,
            docs: #docs,
            check: |__state| #check,
        }
    })
}
