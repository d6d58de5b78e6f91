//! `#[patch]`: one `Patch` for each method `fn(&mut self, E)` of the block.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Type;

use crate::{
    attr,
    block::{Block, Method},
    ctxt::Ctxt,
    lint,
    method::{self, Access, Shape},
};

const SHAPE: Shape = Shape {
    what: "a patch",
    receiver: Access::Exclusive,
    why: "it changes the state, and cannot refuse what has happened",
    example: "fn item_added(&mut self, event: ItemAdded)",
};

pub(crate) fn expand(args: TokenStream, item: &TokenStream) -> TokenStream {
    let ctxt = Ctxt::default();
    let options = attr::of_args(&ctxt, "patch", &["crate"], args);
    let Some(mut block) = Block::read(&ctxt, "patch", item.clone()) else {
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
    quote!(#allow #block #impls #errors)
}

fn implement(
    ctxt: &Ctxt,
    krate: &attr::Krate,
    block: &Block,
    method: &Method,
    seen: &mut HashMap<String, String>,
) -> Option<TokenStream> {
    let before = ctxt.count();
    attr::refuse(ctxt, "given", &method.attrs, "on an action: a patch cannot refuse an event");
    if let Some(token) = &method.sig.asyncness {
        ctxt.error(token, "a patch cannot be `async`: it only changes the state");
    }
    SHAPE.check(ctxt, method);
    SHAPE.returns_nothing(ctxt, method);
    let Some(mut argument) = SHAPE.argument(ctxt, method) else {
        if ctxt.count() == before {
            ctxt.error(
                method.ident(),
                format_args!(
                    "`{}` takes no event; a patch looks like `{}`",
                    method.ident(),
                    SHAPE.example
                ),
            );
        }
        return None;
    };
    if let Type::Reference(reference) = argument.ty {
        let owned = method::text(&reference.elem);
        ctxt.error(argument.ty, format_args!("a patch takes its event by value: write `{owned}`"));
        argument.ty = &reference.elem;
    }
    let event = argument.text();
    // Under different `cfg`s there may be several for one event; rustc finds those that collide.
    if method.cfgs().is_empty() {
        if let Some(first) = seen.get(&event) {
            ctxt.error(argument.ty, format_args!("`{event}` is already patched by `{first}`"));
            return None;
        }
        seen.insert(event, method.name());
    }

    let p = krate.private(Span::call_site());
    let bound = argument.bound(&krate.private(argument.colon), "Patch");
    let attrs = method.impl_attrs();
    let self_ty = &block.self_ty;
    let ty = argument.ty;
    let ident = method.ident();
    let body = if ctxt.count() == before {
        quote!(Self::#ident(self, __event))
    } else {
        quote!(#p::core::unreachable!())
    };
    Some(quote! {
        #attrs
        impl #bound for #self_ty {
            fn patch(&mut self, __event: #ty) {
                #body
            }
        }
    })
}
