fn found() {
    actum::testing::given::<Cart>([
        actum::testing::event::<Cart>("ItemAdded", r#"{"sku":"B","qty":5000}"#),
    ])
    .when(actum::testing::input::<AddItem>(r#"{"sku":"B","qty":5000}"#))
    .then_sound();
}
