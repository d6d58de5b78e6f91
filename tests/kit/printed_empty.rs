#[test]
fn stream_cart_b() {
    actum::testing::given_nothing::<Cart>()
    .then_state_json(r#"{"items":0,"closed":false}"#);
}
