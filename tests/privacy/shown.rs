//! No way to print, log or serialise a value in clear.

use actum::{prelude::*, privacy::EnvelopeKey};
use tracing_subscriber::layer::SubscriberExt;

use crate::domain::{Customer, Named, Rename, SECRET, name, two};

#[tokio::test]
async fn debug_shows_the_subject_and_not_the_value() {
    let fresh = Personal::new("17", SECRET.to_owned());
    let event = Named { name: fresh.clone() };
    let (app, ..) = two().await;
    let customer = app.load::<Customer>("17").await.unwrap();
    let opened = app.open(customer.name.as_ref().unwrap()).await.unwrap();
    for text in [
        format!("{fresh:?} {fresh:#?}"),
        format!("{event:?} {event:#?}"),
        format!("{:?} {:#?}", customer.state(), *customer),
        format!("{opened:?} {opened:#?}"),
        format!("{app:?} {:?}", Vault::new(actum::privacy::MemoryKeys::new(), key())),
    ] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(format!("{fresh:?}").contains("17"));
}

fn key() -> EnvelopeKey {
    EnvelopeKey::from_bytes(&[1; 32])
}

#[test]
fn a_clear_value_is_an_error_wherever_it_is_serialised() {
    let event = Named { name: Personal::new("17", SECRET.to_owned()) };
    for error in [
        serde_json::to_string(&event).unwrap_err(),
        serde_json::to_value(&event).unwrap_err(),
        actum::Json::from_value(&event).unwrap_err(),
        serde_json::to_string(&vec![Some(&event)]).unwrap_err(),
    ] {
        let text = format!("{error} {error:?}");
        assert!(text.contains("written only as part of an event"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[tokio::test]
async fn a_clear_value_in_an_input_is_refused_and_says_what_to_do() {
    let (app, ..) = two().await;
    let name = Personal::new("17", SECRET.to_owned());
    let refused = app.act::<Customer>("18", Rename { name }).await;
    let Err(ActError::Store(error)) = refused else { panic!("{refused:?}") };
    let text = format!("{error:?}");
    assert!(text.contains("make the `Personal` in the action"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn what_is_served_by_name_is_sealed() {
    let (app, ..) = two().await;
    let state = app.load_json("Customer", "17", None).await.unwrap();
    assert!(!format!("{:?}", state.state).contains(SECRET));
    let mut events = app.read(Query::all());
    while let Some(event) = events.next().await {
        assert!(!serde_json::to_string(&event.unwrap()).unwrap().contains(SECRET));
    }
    let mut history = app.history::<Customer>("17").unwrap();
    while let Some(event) = history.next().await {
        assert!(!serde_json::to_string(&event.unwrap()).unwrap().contains(SECRET));
    }
}

/// Keeps all that is logged.
#[derive(Clone, Default)]
struct Kept(std::sync::Arc<std::sync::Mutex<String>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Kept {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        self.0.lock().unwrap().push_str(&format!("{attributes:?}\n"));
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        self.0.lock().unwrap().push_str(&format!("{event:?}\n"));
    }
}

#[tokio::test]
async fn nothing_logged_shows_a_value() {
    let kept = Kept::default();
    let _guard =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(kept.clone()));
    let (app, ..) = two().await;
    app.act::<Customer>("17", name("17", SECRET)).expect(Version(9)).await.unwrap_err();
    app.snapshot::<Customer>("17").await.unwrap();
    app.forget("17").await.unwrap();
    app.act::<Customer>("17", name("17", SECRET)).await.unwrap_err();
    let logged = kept.0.lock().unwrap().clone();
    assert!(logged.contains("Customer-17"), "nothing was logged");
    assert!(!logged.contains(SECRET), "{logged}");
}

#[tokio::test]
async fn over_http_and_in_the_inspector_values_are_sealed() {
    use actum::axum::{body::Body, http::Request};
    use futures_util::StreamExt;
    use tower::ServiceExt;

    let (app, ..) = two().await;
    let inspector = actum::inspector::router(app.clone());
    let router = actum::http::router(app.clone()).nest("/inspect", inspector);
    for path in [
        "/Customer/17",
        "/Customer/17/history",
        "/events?after=0",
        "/inspect/event?id=1",
        "/inspect/raw?id=1",
        "/inspect/stream?stream=Customer-17",
    ] {
        let request = Request::get(path).header("accept", "*/*").header("host", "127.0.0.1");
        let request = request.body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let (status, mut body) = (answer.status(), answer.into_body().into_data_stream());
        let mut text = String::new();
        // A live feed does not end: it is read until the value has come.
        while !text.contains("sealed") {
            let Some(part) = body.next().await else { break };
            text.push_str(&String::from_utf8_lossy(&part.unwrap()));
        }
        assert!(text.contains("sealed"), "{path}: {status} {text}");
        assert!(!text.contains(SECRET), "{path}: {text}");
    }
}
