//! A store whose types are not at hand.

use actum::{
    Json, Meta, inspector,
    prelude::*,
    store::{Batch, Log, NewEvent},
};

use crate::{
    shop,
    site::{Site, text_of},
};

#[tokio::test]
async fn a_store_is_shown_without_types() {
    let store = Memory::new();
    let app = shop::open(store.clone()).await;
    shop::fill(&app, "1").await;
    app.view::<shop::Demand>().key("rug").after(Id(3)).await.expect("a document");
    app.shutdown(std::time::Duration::from_secs(10)).await.expect("shut down");
    let site = Site::new(inspector::router_of(store));
    let page = text_of(&site.page("/log").await);
    assert!(page.contains("ItemRemoved") && !page.contains("Reactions"), "{page}");
    let page = text_of(&site.page("/stream?name=Cart-1&version=2").await);
    assert!(page.contains("Payload of version 2") && page.contains(r#"sku: "rug""#), "{page}");
    assert!(page.contains("version 2 of 3"), "{page}");
    let page = text_of(&site.page("/view?name=Demand").await);
    assert!(page.contains(r#"lamp{"qty":2}"#), "{page}");
    let page = site.page("/projections").await;
    assert!(page.contains("href=\"view?name=Demand&amp;version=1\""), "{page}");
    for path in ["/actions", "/model", "/reactions", "/projections"] {
        assert_eq!(site.get(path).await.status, 200, "{path}");
    }
    assert_eq!(site.get("/actions?stream=Cart-1").await.status, 404);
    // It has started nothing that writes.
    assert_eq!(site.post("/act", &[]).await.status, 403);
}

#[tokio::test]
async fn it_can_be_made_outside_of_a_runtime() {
    let site = std::thread::spawn(|| Site::new(inspector::router_of(Memory::new()))).join();
    let page = site.expect("a site").page("/log").await;
    assert!(page.contains("The log is empty."), "{page}");
}

#[tokio::test]
async fn a_history_shows_what_was_undone() {
    let store = Memory::new();
    for stream in ["Cart-1", "Cart-2"] {
        let event = |name: &'static str, meta: &'static str| NewEvent {
            meta: Meta::from_stored(Json::from_text(meta).expect("JSON")),
            ..NewEvent::new(name, Json::from_text("{}").expect("JSON"))
        };
        let events = vec![
            event("ItemAdded", "{}"),
            event("ItemRemoved", r#"{"undoes":1}"#),
            event("ItemAdded", r#"{"undoes":2,"redoes":1}"#),
            event("ItemRemoved", r#"{"undoes":3}"#),
        ];
        let stream = stream.parse().expect("a name");
        store.append(Batch::new(stream, Expected::Empty, events)).await.expect("stored");
    }
    let site = Site::new(inspector::router_of(store));
    let page = site.page("/stream?name=Cart-1").await;
    assert_eq!(page.matches("undone by version 4").count(), 2, "{page}");
    assert_eq!(page.matches("<s class=\"name\"").count(), 2, "{page}");
    let text = text_of(&page);
    for told in ["undoes 1", "redoes 1", "undoes 3"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let page = site.page("/stream?name=Cart-1&version=3").await;
    assert!(text_of(&page).contains("Redoesversion 1"), "{}", text_of(&page));
}
