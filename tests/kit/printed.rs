#[test]
fn stream_cart_a_1() {
    // The last action was `Close`; the log does not keep its input.
    actum::testing::given::<Cart>([
        actum::testing::event::<Cart>("ItemAdded", r###"{"sku":"\"#quoted\"##\n\u0000","qty":2}"###),
        actum::testing::event::<Cart>("Closed", r"null"),
    ])
    .then_state_json(r#"{"items":2,"closed":true}"#);
}
