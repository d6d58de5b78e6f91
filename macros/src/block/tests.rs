//! What of a block is read, and what is only kept.

use super::*;

#[test]
fn a_half_typed_body_is_no_error_and_is_kept() {
    let item: TokenStream = quote! {
        /// Docs.
        impl Cart {
            const STEP: Foo = Foo { a: 1 };
            helper! { x }
            pub const fn item_added(&mut self, event: ItemAdded) { self. ; let }
            helper!(y);
        }
    };
    let ctxt = Ctxt::default();
    let block = Block::read(&ctxt, "patch", item.clone()).expect("a block");
    assert_eq!(ctxt.count(), 0);
    assert_eq!(block.methods().map(Method::name).collect::<Vec<_>>(), ["item_added"]);
    assert_eq!(block.to_token_stream().to_string(), item.to_string());
}

#[test]
fn what_is_no_plain_impl_block_is_an_error() {
    for item in [
        quote!(),
        quote!(
            struct Cart;
        ),
        quote!(
            fn patch(&mut self, event: ItemAdded) {}
        ),
        quote!(impl Clear for Cart {}),
        quote!(
            impl<T> Cart<T> {}
        ),
        quote!(impl Cart { fn item_added(&mut self, event: ) {} }),
        quote!(impl Cart { fn item_added(&mut self, event: ItemAdded); }),
    ] {
        let ctxt = Ctxt::default();
        assert!(Block::read(&ctxt, "patch", item.clone()).is_none(), "{item}");
        assert_eq!(ctxt.count(), 1, "{item}");
    }
}
