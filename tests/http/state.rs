//! States: the latest, an earlier one, and none.

use serde_json::json;

use crate::{
    client::{get, get_with, post},
    place::{Place, both},
    shop::{item, open},
};

both!(a_state_is_read_as_of_any_point, a_state_that_the_client_has_is_not_sent_again);

async fn a_state_is_read_as_of_any_point(place: Place) {
    let (_app, router) = open(place.open().await).await;
    post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    post(&router, "/Cart/2/AddItem", &item("B", 1)).await;
    let last = post(&router, "/Cart/1/CheckOut", "{}").await;
    let latest = get(&router, "/Cart/1").await;
    assert_eq!(latest.header("etag"), "\"3\"");
    let a = json!({ "sku": "A", "qty": 1 });
    let expected = json!({
        "stream": "Cart-1", "version": 3, "id": 4, "state": { "items": [a], "checked_out": true },
    });
    assert_eq!(latest.json(), expected);
    for path in ["/Cart/1?version=1", "/Cart/1?id=2"] {
        let early = get(&router, path).await;
        assert_eq!((early.header("etag"), &early.json()["id"]), ("\"1\"", &1.into()), "{path}");
        assert_eq!(early.json()["state"]["checked_out"], false);
    }
    let created = last.json()["events"][1]["created"].as_str().expect("a time").to_owned();
    for path in [format!("/Cart/1?at={created}"), "/Cart/1?id=99999".to_owned()] {
        assert_eq!(get(&router, &path).await.json(), expected, "{path}");
    }
    for path in [
        "/Cart/3",
        "/Cart/1?version=0",
        "/Cart/1?version=4",
        "/Cart/1?version=9223372036854775807",
        "/Cart/2?id=1",
        "/Cart/1?at=2001-01-01T00:00:00Z",
    ] {
        get(&router, path).await.problem(404, "not_found");
    }
    for path in [
        "/Cart/1?version=-1",
        "/Cart/1?version=",
        "/Cart/1?version=1&version=1",
        "/Cart/1?version=1&id=1",
        "/Cart/1?version=9223372036854775808",
        "/Cart/1?version=18446744073709551616",
        "/Cart/1?version=+1",
        "/Cart/1?at=yesterday",
        "/Cart/1?verison=1",
        "/Cart/1?=",
    ] {
        get(&router, path).await.problem(400, "bad_request");
    }
    // The greatest numbers are bounds like others.
    assert_eq!(get(&router, "/Cart/1?id=9223372036854775807").await.json(), expected);
}

async fn a_state_that_the_client_has_is_not_sent_again(place: Place) {
    let (_app, router) = open(place.open().await).await;
    post(&router, "/Cart/1/AddItem", &item("A", 1)).await;
    for tags in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
        let known = get_with(&router, "/Cart/1", &[("if-none-match", tags)]).await;
        assert_eq!((known.status.as_u16(), known.header("etag")), (304, "\"1\""), "{tags}");
        assert_eq!(known.body, "");
    }
    for tags in ["\"2\"", "", "1", "\"\"\"1\"\""] {
        let other = get_with(&router, "/Cart/1", &[("if-none-match", tags)]).await;
        assert_eq!(other.status.as_u16(), 200, "{tags}");
    }
}
