//! Hostile texts do not run, and nothing even tries to.

use actum::{
    Json, Meta, MetaFields, inspector,
    prelude::*,
    store::{Batch, Log, NewEvent},
};

use crate::{chromium::visit, shop};

const HOSTILE: &str = "\"'></pre></bdi><script>alert(1)</script><img src=x onerror=alert(2)>\
    <svg onload=alert(3)><style>*{display:none}</style><a href=javascript:alert(4)>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_texts_stay_texts() {
    let store = Memory::new();
    let text = || Some(HOSTILE.to_owned());
    let fields = MetaFields { actor: text(), correlation: text(), ..MetaFields::default() };
    let event = |name: &str| NewEvent {
        name: name.to_owned().into(),
        schema: 1,
        data: Json::from_value(
            &serde_json::json!({ "sku": HOSTILE, "qty": 1, HOSTILE: [HOSTILE] }),
        )
        .expect("JSON"),
        meta: Meta::new(fields.clone()).expect("meta data"),
        created: Timestamp::now(),
    };
    let stream = StreamId::new("Cart", HOSTILE).expect("a stream");
    let write = async |name: &str| {
        let batch = Batch::new(stream.clone(), Expected::Any, vec![event(name)]);
        store.append(batch).await.expect("stored");
    };
    write("ItemAdded").await;
    let app = shop::open(store.clone()).await;
    visit(inspector::router(app), async |browser| {
        let coded: String = HOSTILE.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let pages = [
            "log".to_owned(),
            format!("stream?name=Cart-{coded}"),
            format!("correlation?of={coded}"),
            "event?id=1".to_owned(),
            "view?name=Demand".to_owned(),
            "projections".to_owned(),
            format!("log?name={coded}"),
            format!("projections?done={coded}"),
            format!("actions?stream=Cart-{coded}"),
            format!("{coded}"),
        ];
        for page in pages {
            browser.open(&page).await;
            browser.until("document.readyState === 'complete'").await;
            let made =
                browser.ask("document.querySelectorAll('main img, main script, style').length");
            assert_eq!(made.await, 0, "{page}");
            assert!(browser.client.get_alert_text().await.is_err(), "{page}");
            let complaints = browser.complaints().await;
            // That a page is missing is no complaint of the policy.
            assert!(
                complaints.iter().all(|one| one.contains("the server responded with")),
                "{complaints:?}"
            );
        }
        // Live as well.
        browser.open("log").await;
        browser.until("document.querySelector('[data-status]').textContent === 'live'").await;
        write(HOSTILE).await;
        browser.until("document.querySelectorAll('.event').length === 2").await;
        assert_eq!(
            browser.ask("document.querySelectorAll('main img, main script').length").await,
            0
        );
        assert_eq!(browser.complaints().await, [""; 0]);
        // What would run is stopped, and told: so the silence above means something.
        let script = "document.body.append(Object.assign(document.createElement('script'), \
            { textContent: 'alert(5)' })); document.body.setAttribute('onclick', 'alert(6)'); \
            document.body.click();";
        browser.client.execute(script, Vec::new()).await.expect("it is tried");
        let complaints = browser.complaints().await;
        assert!(
            complaints.iter().any(|one| one.contains("Content Security Policy")),
            "{complaints:?}"
        );
        assert!(browser.client.get_alert_text().await.is_err());
    })
    .await;
}
