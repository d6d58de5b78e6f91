//! The derive and attribute macros of actum; see there.

mod action;
mod aggregate;
mod attr;
mod block;
mod ctxt;
mod docs;
mod event;
mod events;
mod given;
mod invariant;
mod lint;
mod method;
mod patch;
mod projection;
mod reaction;
mod span;
mod suggest;
mod undo;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

#[doc = include_str!("../docs/event.md")]
#[proc_macro_derive(Event, attributes(event))]
pub fn event(input: TokenStream) -> TokenStream {
    event::expand(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("../docs/events.md")]
#[proc_macro_derive(Events, attributes(events))]
pub fn events(input: TokenStream) -> TokenStream {
    events::expand(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("../docs/aggregate.md")]
#[proc_macro_derive(Aggregate, attributes(aggregate))]
pub fn aggregate(input: TokenStream) -> TokenStream {
    aggregate::expand(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("../docs/patch.md")]
#[proc_macro_attribute]
pub fn patch(args: TokenStream, item: TokenStream) -> TokenStream {
    patch::expand(args.into(), &item.into()).into()
}

#[doc = include_str!("../docs/action.md")]
#[proc_macro_attribute]
pub fn action(args: TokenStream, item: TokenStream) -> TokenStream {
    action::expand(args.into(), &item.into()).into()
}

#[doc = include_str!("../docs/undo.md")]
#[proc_macro_attribute]
pub fn undo(args: TokenStream, item: TokenStream) -> TokenStream {
    undo::expand(args.into(), &item.into()).into()
}

#[doc = include_str!("../docs/invariant.md")]
#[proc_macro_attribute]
pub fn invariant(args: TokenStream, item: TokenStream) -> TokenStream {
    invariant::expand(args.into(), &item.into()).into()
}

#[doc = include_str!("../docs/projection.md")]
#[proc_macro_attribute]
pub fn projection(args: TokenStream, item: TokenStream) -> TokenStream {
    projection::expand(args.into(), &item.into()).into()
}

#[doc = include_str!("../docs/reaction.md")]
#[proc_macro_attribute]
pub fn reaction(args: TokenStream, item: TokenStream) -> TokenStream {
    reaction::expand(args.into(), &item.into()).into()
}
