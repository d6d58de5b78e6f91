#[test]
fn stream_cart_c() {
    actum::testing::given::<Cart>([
        actum::testing::event::<Cart>("ItemAdded", r#"{"sku":"A","qty":1}"#),
    ])
    .when(actum::testing::input::<AddItem>(r#"{"sku":"B","qty":2}"#))
    .then([
        actum::testing::event::<Cart>("ItemAdded", r#"{"sku":"B","qty":2}"#),
    ])
    .then_state_json(r#"{"items":3,"closed":false}"#);
}
