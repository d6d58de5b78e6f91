//! H21: input that is meant to do harm. It is kept byte for byte, or refused; nothing panics, and
//! no other stream is touched.

use std::convert::Infallible;

use actum::{Error, prelude::*, store::Store};
use serde::{Deserialize, Serialize};

use super::{Arc, log, stores};

/// A text, a number that JSON may not have, and a value of any depth.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Written {
    pub text: String,
    pub number: f64,
    pub deep: Deep,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
pub struct Deep(pub Vec<Deep>);

#[derive(Events, Clone, Debug, PartialEq)]
pub enum NoteEvent {
    Written(Written),
}

#[derive(Aggregate, Default, Clone, Debug, Serialize, Deserialize)]
#[aggregate(events = NoteEvent)]
pub struct Note {
    pub texts: Vec<String>,
}

#[patch]
impl Note {
    fn written(&mut self, Written { text, .. }: Written) {
        self.texts.push(text);
    }
}

#[derive(Serialize, Deserialize, Default)]
pub struct Write {
    pub text: String,
    #[serde(default)]
    pub number: f64,
    #[serde(default)]
    pub deep: Deep,
}

#[action]
impl Note {
    fn write(&self, Write { text, number, deep }: Write) -> Result<Written, Infallible> {
        Ok(Written { text, number, deep })
    }
}

async fn started(store: impl Store) -> App {
    App::new(store).with::<Note>().start().await.expect("it starts")
}

fn text(text: &str) -> Write {
    Write { text: text.to_owned(), ..Write::default() }
}

fn hostile() -> Vec<String> {
    let texts = [
        "\0",
        "a\0b",
        "'; DROP TABLE event; --",
        "\" OR 1=1 --",
        "%",
        "_",
        "*",
        "\\",
        "\u{202e}abc",
        "e\u{301}",
        "\u{fffd}\u{fffe}",
        "👩‍👩‍👧‍👦",
        "{{\"a\":",
        "\r\n\t\u{1b}[2J",
        "../../etc/passwd",
    ];
    let mut texts: Vec<_> = texts.map(str::to_owned).into();
    texts.push("\"\\\0'".repeat(1 << 18));
    texts
}

#[tokio::test]
async fn h21_hostile_texts_come_back_as_they_were_from_their_own_stream() {
    for (store, _kept) in stores().await {
        let app = started(Arc::clone(&store)).await;
        for (at, hostile) in hostile().into_iter().enumerate() {
            app.act::<Note>(at, text(&hostile)).actor(&*hostile).await.expect("stored");
            app.act::<Note>("other", text("harmless")).await.expect("stored");
            let input = serde_json::to_string(&text(&hostile)).expect("JSON");
            app.act_json("Note", at, "Write", input).correlation(&*hostile).await.expect("stored");
            let found = app.read(Query::all().correlation(&*hostile)).all().await.expect("read");
            assert_eq!(found.len(), 1);
            for app in [&app, &started(Arc::clone(&store)).await] {
                let loaded = app.load::<Note>(at).await.expect("loaded");
                assert_eq!(loaded.texts, [hostile.clone(), hostile.clone()]);
                let history = app.history::<Note>(at).expect("a name").all().await;
                let history = history.expect("read");
                assert_eq!(history[0].meta.actor(), Some(&*hostile));
            }
        }
        let other = app.load::<Note>("other").await.expect("loaded");
        assert_eq!(other.texts, vec!["harmless"; hostile().len()]);
    }
}

#[tokio::test]
async fn h21_hostile_ids_name_their_own_stream_or_none() {
    for (store, _kept) in stores().await {
        let app = started(store).await;
        app.act::<Note>("1", text("mine")).await.expect("stored");
        app.act::<Note>("11", text("mine")).await.expect("stored");
        let mut ids = hostile();
        ids.extend(["1 ", " 1", "1%", "1_", "１", "-", "1-1", "", "--"].map(str::to_owned));
        ids.push("x".repeat(600));
        for id in ids {
            let valid = StreamId::of::<Note>(&id).is_ok();
            let stored = !id.is_empty() && id.len() < 500 && !id.chars().any(char::is_control);
            assert_eq!(valid, stored, "{id:?}");
            let before = log(&**app.store()).await.len();
            match app.act::<Note>(&id, text(&id)).await {
                Ok(done) => assert!(valid && done.version == Version(1) && done.stream.id() == id),
                Err(error) => {
                    assert!(!valid, "{error}");
                    assert!(matches!(error, ActError::Store(Error::InvalidStream(_))), "{error}");
                    assert!(error.to_string().len() < 2_000);
                    assert_eq!(log(&**app.store()).await.len(), before);
                    app.load::<Note>(&id).await.map(drop).expect_err("no such name");
                    app.history::<Note>(&id).map(drop).expect_err("no such name");
                    app.load_json("Note", &id, None).await.expect_err("no such name");
                    continue;
                }
            }
            assert_eq!(app.load::<Note>(&id).await.expect("loaded").texts, [&*id]);
            assert_eq!(
                app.history::<Note>(&id).expect("a name").all().await.expect("read").len(),
                1
            );
        }
        for id in ["1", "11"] {
            assert_eq!(app.load::<Note>(id).await.expect("loaded").texts, ["mine"]);
        }
        for name in ["Note-%", "Note_", "%", "Note'; DROP TABLE event"] {
            let found = app.read(Query::all().category(name)).all().await.expect("read");
            assert_eq!(found, []);
        }
    }
}

#[tokio::test]
async fn h21_hostile_json_is_refused_and_stores_nothing() {
    for (store, _kept) in stores().await {
        let app = started(Arc::clone(&store)).await;
        app.act::<Note>("other", text("harmless")).await.expect("stored");
        let deep = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let refused = [
            String::new(),
            "{".to_owned(),
            "\0".to_owned(),
            "{} {}".to_owned(),
            r#"{"text":"\ud800"}"#.to_owned(),
            r#"{"text":"\udc00\ud800"}"#.to_owned(),
            r#"{"text":"a","number":NaN}"#.to_owned(),
            r#"{"text":"a","number":1e999}"#.to_owned(),
            r#"{"text":"a","text":"b"}"#.to_owned(),
            r#"{"text":18446744073709551616}"#.to_owned(),
            format!(r#"{{"text":"a","deep":{}}}"#, deep(200)),
            format!(r#"{{"text":"a","deep":{}}}"#, deep(100_000)),
            deep(1_000_000),
        ];
        for input in refused {
            let shown: String = input.chars().take(40).collect();
            let answer = app.act_json("Note", "1", "Write", input).await;
            assert!(matches!(answer, Err(ActError::Rejected(_))), "{shown}: {answer:?}");
        }
        for (aggregate, action) in [("Note", "\0"), ("No", "Write"), ("Note-1", "Write")] {
            let answer = app.act_json(aggregate, "1", action, r#"{"text":"a"}"#).await;
            assert!(matches!(answer, Err(ActError::Store(_))), "{answer:?}");
        }
        assert_eq!(log(&*store).await.len(), 1);
        app.act_json("Note", "1", "Write", r#"{"text":"\ud83d\ude00"}"#).await.expect("a pair");
        assert_eq!(app.load::<Note>("1").await.expect("loaded").texts, ["😀"]);
    }
}

/// JSON has no NaN, and reading it ends at 128 levels: such an event could be stored and never be
/// read again, nor anything behind it in its stream.
#[tokio::test]
async fn h21_an_event_that_could_not_be_read_again_is_refused() {
    for (store, _kept) in stores().await {
        let app = started(Arc::clone(&store)).await;
        app.act::<Note>("1", text("before")).await.expect("stored");
        app.act::<Note>("other", text("harmless")).await.expect("stored");
        let deep = |levels| (0..levels).fold(Deep::default(), |deep, _| Deep(vec![deep]));
        let refused = [
            Write { number: f64::NAN, ..text("a") },
            Write { number: f64::INFINITY, ..text("a") },
            Write { deep: deep(200), ..text("a") },
        ];
        for input in refused {
            let answer = app.act::<Note>("1", input).await;
            assert!(matches!(answer, Err(ActError::Store(Error::Encode { .. }))), "{answer:?}");
        }
        let numbers = [f64::MAX, f64::MIN_POSITIVE, -0.0, 0.1 + 0.2];
        for number in numbers {
            let kept = Write { number, deep: deep(100), ..text("null [[[") };
            app.act::<Note>("1", kept).await.expect("stored");
        }
        let app = started(store).await;
        let history = app.history::<Note>("1").expect("a name").all().await.expect("read");
        let NoteEvent::Written(last) = &history[history.len() - 1].data;
        assert_eq!((last.number.to_bits(), &last.deep), ((0.1_f64 + 0.2).to_bits(), &deep(100)));
        assert_eq!(app.load::<Note>("1").await.expect("loaded").texts.len(), 5);
    }
}
