//! Diagrams: their Mermaid is as stored, their SVG is sound, and no text breaks either.

use actum::diagram::{self, Target};

#[path = "undo/basket.rs"]
#[allow(dead_code, reason = "shared with the tests of undo")]
mod basket;
#[path = "../examples/cart.rs"]
#[allow(dead_code, reason = "it is an example of its own")]
mod cart;
#[path = "diagram/committed.rs"]
mod committed;
#[path = "diagram/events.rs"]
mod events;
#[path = "diagram/hostile.rs"]
mod hostile;
#[path = "diagram/made_up.rs"]
mod made_up;
#[path = "diagram/shop.rs"]
mod shop;
#[path = "diagram/sound.rs"]
mod sound;

use sound::Drawn;

#[test]
fn the_model_is_there_before_the_app_runs() {
    let before = shop::app().model();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let app = runtime.block_on(shop::app().start()).expect("it starts");
    assert_eq!(&before, app.model());
}

#[test]
fn mermaid_is_as_stored() {
    let model = shop::app().model();
    actum::testing::up_to_date("diagram/board.mmd", &diagram::board(&model).mermaid());
    for aggregate in ["Cart", "Order"] {
        let drawn = diagram::aggregate(&model, aggregate).expect("it is there");
        actum::testing::up_to_date(format!("diagram/{aggregate}.mmd"), &drawn.mermaid());
    }
    let events = events::all();
    actum::testing::up_to_date("diagram/timeline.mmd", &diagram::timeline(&events).mermaid());
    actum::testing::up_to_date("diagram/causes.mmd", &diagram::causes(&events).mermaid());
}

#[test]
fn a_timeline_tells_what_was_undone() {
    let drawn = diagram::timeline(&events::undone());
    let mermaid = drawn.mermaid();
    for told in ["undo, undoes 2", "undo, undoes 1", "redo, redoes 1", "redo, redoes 2"] {
        assert!(mermaid.contains(told), "{told}: {mermaid}");
    }
    // The tea is back. The milk was undone again, with what had brought it back.
    assert_eq!(mermaid.matches("undone by 7").count(), 2, "{mermaid}");
    assert_eq!(mermaid.matches("undone by").count(), 2, "{mermaid}");
    assert_eq!(drawn.svg().matches("class=\"name struck\"").count(), 2);
    Drawn::of("undone", &drawn).check();
}

#[test]
fn what_can_be_undone_has_a_mark() {
    let mut model = shop::app().model();
    for drawn in [diagram::board(&model), diagram::aggregate(&model, "Cart").expect("it is there")]
    {
        assert!(!drawn.mermaid().contains("#8630;") && !drawn.svg().contains('↶'));
    }
    let inverse = basket::app().model().aggregates[0].events[0].inverse.clone();
    model.aggregates[0].events[0].inverse = inverse;
    for drawn in [diagram::board(&model), diagram::aggregate(&model, "Cart").expect("it is there")]
    {
        assert_eq!(drawn.mermaid().matches(" #8630;").count(), 1, "{}", drawn.mermaid());
        assert!(drawn.svg().contains("can be undone, by Taken"), "{}", drawn.svg());
        Drawn::of("marked", &drawn).check();
    }
}

/// The drawings that stand in the docs of the module and of the example.
#[test]
fn the_docs_show_what_is_drawn() {
    let board = diagram::board(&shop::app().model());
    actum::testing::up_to_date("../core/src/docs/board.svg", &board.svg());
    let app = actum::App::new(actum::store::Memory::new()).with::<cart::Cart>();
    let drawn = diagram::aggregate(&app.model(), "Cart").expect("it is there");
    actum::testing::up_to_date("../examples/cart.mmd", &drawn.mermaid());
}

#[test]
fn boxes_and_texts_are_apart() {
    let model = shop::app().model();
    Drawn::of("board", &diagram::board(&model)).check();
    Drawn::of("cart", &diagram::aggregate(&model, "Cart").expect("it is there")).check();
    Drawn::of("order", &diagram::aggregate(&model, "Order").expect("it is there")).check();
    Drawn::of("timeline", &diagram::timeline(&events::all())).check();
    Drawn::of("causes", &diagram::causes(&events::all())).check();
    let model = actum::Model::default();
    Drawn::of("nothing", &diagram::board(&model)).check();
    Drawn::of("no-events", &diagram::timeline(&events::none())).check();
    Drawn::of("no-causes", &diagram::causes(&events::none())).check();
}

#[test]
fn twenty_aggregates_are_drawn_apart() {
    let model = made_up::model();
    let drawn = Drawn::of("twenty", &diagram::board(&model));
    drawn.check();
    assert!(drawn.width <= 1600, "{} pixels wide", drawn.width);
    for one in &model.aggregates {
        assert_eq!(drawn.count("aggregate", one.name), 1 + one.events.len().saturating_sub(1) / 8);
        for event in &one.events {
            assert!(drawn.count("event", event.name) > 0, "{}.{}", one.name, event.name);
        }
        for action in &one.actions {
            assert!(drawn.count("action", action.name) > 0, "{}.{}", one.name, action.name);
        }
    }
    for name in model.projections.iter().map(|one| one.name) {
        assert!(drawn.count("projection", name) > 0, "{name}");
    }
    for name in model.reactions.iter().map(|one| one.name) {
        assert!(drawn.count("reaction", name) > 0, "{name}");
    }
}

#[test]
fn boxes_are_links_where_asked() {
    let model = shop::app().model();
    let plain = diagram::board(&model);
    assert!(!plain.svg().contains("<a "));
    let linked = plain.links(|target| match target {
        Target::Event { .. } => "/\"><script>".to_owned(),
        other => format!("/actum/{other}"),
    });
    let drawn = Drawn::of("links", &linked);
    drawn.check();
    let hrefs = drawn.hrefs();
    assert!(hrefs.contains("/actum/action/Order/Pay"), "{hrefs:?}");
    assert!(hrefs.contains("/actum/aggregate/Cart"), "{hrefs:?}");
    assert!(hrefs.contains("/actum/reaction/Payment"), "{hrefs:?}");
    assert!(hrefs.contains("/\"><script>"), "{hrefs:?}");
}

#[test]
fn an_unknown_aggregate_is_told_with_those_that_are_there() {
    let error = diagram::aggregate(&shop::app().model(), "Chart").expect_err("it is not there");
    let text = error.to_string();
    assert!(text.contains("`Chart`") && text.contains("Cart, Order"), "{text}");
}
