//! `#[action]`: one `Action` for each method `fn(&self, I) -> Result<…>` of the block, and the
//! list of all of them.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, ReturnType, Type, ext::IdentExt, spanned::Spanned};

use crate::{
    attr::{self, Krate},
    block::{Block, Method},
    ctxt::Ctxt,
    given, lint,
    method::{Access, Argument, Shape, mentions_impl},
    span,
};

const SHAPE: Shape = Shape {
    what: "an action",
    receiver: Access::Shared,
    why: "it decides, and its events change the state through their patches",
    example: "fn add_item(&self, input: AddItem) -> Result<ItemAdded, CartError>",
};

pub(crate) fn expand(args: TokenStream, item: &TokenStream) -> TokenStream {
    let ctxt = Ctxt::default();
    let (given, args) = given::of_block(&ctxt, args);
    let options = attr::of_args(&ctxt, "action", &["given", "crate"], args);
    let Some(mut block) = Block::read(&ctxt, "action", item.clone()) else {
        let errors = ctxt.into_errors();
        return quote!(#item #errors);
    };
    let impls = implement(&ctxt, &options.krate, &block, &given);
    block.strip("given");
    let allow = lint::allow();
    let errors = ctxt.into_errors();
    quote!(#allow #block #impls #errors)
}

/// An action of the block.
struct Action<'a> {
    method: &'a Method,
    input: Argument<'a>,
    name: String,
    given: Vec<Ident>,
    /// Whether errors were found in it; then it is declared, but not called.
    is_broken: bool,
}

fn implement(ctxt: &Ctxt, krate: &Krate, block: &Block, given: &[Ident]) -> TokenStream {
    let mut seen = HashMap::new();
    let mut actions = Vec::new();
    for method in block.methods().filter(|method| !given::is_precondition(method)) {
        actions.extend(check(ctxt, method, given, &mut seen));
    }
    let named = resolve(ctxt, block, &mut actions);

    let p = krate.private(Span::call_site());
    let self_ty = &block.self_ty;
    let impls = actions.iter().map(|action| implement_action(krate, block, action));
    let entries = actions.iter().map(|Action { method, input, .. }| {
        let cfgs = method.cfgs();
        let ty = input.ty;
        quote!(#cfgs #p::ActionEntry::of::<#ty>())
    });
    let given = given::entries(krate, block, &named);
    quote! {
        #(#impls)*

        #[automatically_derived]
        impl #p::Actions for #self_ty {
            const ACTIONS: &'static [#p::ActionEntry<Self>] = &[#(#entries),*];
            const GIVEN: &'static [#p::Given<Self>] = &[#(#given),*];
        }
    }
}

/// Finds the preconditions of all actions; those that cannot be called are told and left out.
fn resolve(ctxt: &Ctxt, block: &Block, actions: &mut [Action<'_>]) -> Vec<Ident> {
    // An action with an error may have lost the names of its preconditions.
    let are_complete = ctxt.count() == 0;
    let mut named = names(actions);
    for action in &mut *actions {
        for name in &mut action.given {
            if let Some(meant) = given::meant(block, &named, name) {
                ctxt.error(
                    &*name,
                    format_args!("no precondition `{name}` here; did you mean `{meant}`?"),
                );
                *name = meant;
                action.is_broken = true;
            }
        }
    }
    named = names(actions);
    for method in given::inside(block) {
        if are_complete {
            given::check_named(ctxt, method, &named);
        }
        let before = ctxt.count();
        given::check_signature(ctxt, method);
        if ctxt.count() > before {
            named.retain(|name| name != method.ident());
            for action in actions.iter_mut().filter(|action| action.given.contains(method.ident()))
            {
                action.is_broken = true;
            }
        }
    }
    named
}

/// The preconditions that actions name, each once.
fn names(actions: &[Action<'_>]) -> Vec<Ident> {
    let mut named: Vec<Ident> = Vec::new();
    for name in actions.iter().flat_map(|action| &action.given) {
        if !named.contains(name) {
            named.push(name.clone());
        }
    }
    named
}

fn check<'a>(
    ctxt: &Ctxt,
    method: &'a Method,
    block: &[Ident],
    seen: &mut HashMap<String, Ident>,
) -> Option<Action<'a>> {
    let before = ctxt.count();
    let given = given::of(ctxt, block, method);
    if let Some(token) = &method.sig.asyncness {
        ctxt.error(
            token,
            "an action cannot be `async`: it only decides, and is repeated after a conflict; what talks to the world belongs in a reaction, or before the action",
        );
    }
    SHAPE.check(ctxt, method);
    check_output(ctxt, method);
    let input = SHAPE.argument(ctxt, method)?;
    let Some(name) = name(input.ty) else {
        ctxt.error(
            input.ty,
            "an action takes an owned struct or enum of its own: the type's name is the action's name",
        );
        return None;
    };
    if method.cfgs().is_empty() {
        if let Some(first) = seen.get(&name) {
            ctxt.error(
                input.ty,
                format_args!("`{name}` is already the input of `{first}`: each action has an input type, and a name, of its own"),
            );
            return None;
        }
        seen.insert(name.clone(), method.ident().clone());
    }
    Some(Action { method, input, name, given, is_broken: ctxt.count() > before })
}

fn check_output(ctxt: &Ctxt, method: &Method) {
    let ident = method.ident();
    match &method.sig.output {
        ReturnType::Default => ctxt.error(
            ident,
            format_args!(
                "`{ident}` returns nothing; an action returns the events it emits, or refuses: `-> Result<SomeEvent, SomeError>`"
            ),
        ),
        ReturnType::Type(_, ty) if mentions_impl(ty.to_token_stream()) => ctxt.error(
            ty,
            "an action names the events it emits: `impl Trait` would hide them",
        ),
        ReturnType::Type(..) => {}
    }
}

/// The name of an input type: the last segment of its path.
fn name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.unraw().to_string()),
        Type::Group(group) => name(&group.elem),
        Type::Paren(paren) => name(&paren.elem),
        _ => None,
    }
}

fn implement_action(krate: &Krate, block: &Block, action: &Action<'_>) -> TokenStream {
    let self_ty = &block.self_ty;
    let Action { method, input, name, given, is_broken } = action;
    let p = krate.private(Span::call_site());
    let bound = input.bound(&krate.private(input.colon), "Action");
    let attrs = method.impl_attrs();
    let input = input.ty;
    let ident = method.ident();
    let method_name = method.name();
    let docs = method.docs();
    let given_texts = given::texts(given);
    let types = types(krate, &method.sig.output);
    let body = if *is_broken {
        quote!(#p::core::unreachable!())
    } else {
        let checks = given.iter().map(|name| given::call(krate, block, name));
        quote!(#(#checks)* Self::#ident(self, __input))
    };
    quote! {
        #attrs
        impl #bound for #self_ty {
            #types
            const SPEC: #p::Spec =
                #p::Spec::new(#name, #method_name, #docs, &[#(#given_texts),*]);

            fn act(
                &self,
                __input: #input,
            ) -> #p::core::result::Result<
                Self::Emits,
                Self::Error,
            > {
                #body
            }
        }
    }
}

/// What is emitted and what is refused with; an error about either underlines `-> Result<…>`.
fn types(krate: &Krate, output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Type(arrow, ty) if !mentions_impl(ty.to_token_stream()) => {
            let p = krate.private(arrow.span());
            let open = quote_spanned!(arrow.span()=> <);
            let close = span::last(ty);
            let emits = quote_spanned!(close=> as #p::Returns>::Emits);
            let error = quote_spanned!(close=> as #p::Returns>::Error);
            quote! {
                type Emits = #open #ty #emits;
                type Error = #open #ty #error;
            }
        }
        _ => {
            let p = krate.private(Span::call_site());
            quote! {
                type Emits = ();
                type Error = #p::core::convert::Infallible;
            }
        }
    }
}
