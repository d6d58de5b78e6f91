//! How the pages look: on a phone, in the dark.

use actum::{inspector::Inspector, prelude::*};

use crate::{
    chromium::visit,
    shop::{self, Cart, CheckOut},
};

const PAGES: [(&str, &str); 9] = [
    ("log", "log"),
    ("stream", "stream?name=Cart-1&version=2"),
    ("event", "event?id=2"),
    ("correlation", "correlation?of=the+sale"),
    ("projections", "projections"),
    ("reactions", "reactions"),
    ("view", "view?name=Demand"),
    ("model", "model"),
    ("actions", "actions?stream=Cart-1"),
];

/// The contrast of each text with what lies under it, where it is too low.
const PALE: &str = "(() => {
    const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => {
        const part = (one) => {
            const share = one / 255;
            return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        };
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const under = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = parse(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const pale = [];
    for (const element of document.querySelectorAll('body *')) {
        const own = [...element.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
        if (!own || !element.getClientRects().length || element.closest('.off, .skip')) continue;
        const [one, other] = [parse(getComputedStyle(element).color), under(element)].map(light);
        const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (contrast < 4.5) pale.push(`${element.className} ${element.innerText}: ${contrast}`);
    }
    return pale.join('; ');
})()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_a_phone_and_can_be_read_in_the_dark() {
    let app = shop::open(Memory::new()).await;
    shop::fill(&app, "1").await;
    let long = "a-very-long-name-without-any-space-".repeat(8);
    shop::fill(&app, &long).await;
    let out = CheckOut { note: "stolen".to_owned() };
    let done = app.act::<Cart>(&long, out).correlation("the sale").await.expect("checked out");
    app.settled::<shop::Bank>(done.id).await.expect("set aside");
    let long_page = format!("stream?name=Cart-{long}");
    let pages = PAGES.into_iter().chain([("long", long_page.as_str())]);
    let token = "a long secret of the test";
    let inspector = Inspector::new(app).writable(token).expect("a long token");
    visit(inspector.router(), async |browser| {
        browser.open("unlock").await;
        browser.fill("#token", token).await;
        browser.press("\u{e007}").await;
        browser.until("location.pathname.endsWith('/log')").await;
        for (name, page) in pages {
            for (width, scheme) in [(1180, "light"), (1180, "dark"), (360, "light"), (360, "dark")]
            {
                browser.show((width, 800), scheme).await;
                browser.open(page).await;
                browser.until("document.readyState === 'complete'").await;
                let wide = browser.ask("document.documentElement.scrollWidth").await;
                assert_eq!(wide, width, "{page} in {width}");
                let back = "getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]";
                let back = browser.ask(&format!("Number({back})")).await.as_f64();
                assert_eq!(
                    back.is_some_and(|red| red < 128.0),
                    scheme == "dark",
                    "{page}: {back:?}"
                );
                assert_eq!(browser.ask(PALE).await, "", "{page}, {scheme}");
                browser.picture(&format!("{name}-{width}-{scheme}")).await;
            }
        }
        // The measure itself finds what is pale.
        let paler = "document.querySelector('h1').style.color = '#888'";
        browser.ask(paler).await;
        assert_ne!(browser.ask(PALE).await, "");
        assert_eq!(browser.complaints().await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_reaches_the_content_first() {
    let app = shop::open(Memory::new()).await;
    shop::fill(&app, "1").await;
    visit(actum::inspector::router(app), async |browser| {
        browser.open("log").await;
        browser.press("\u{e004}").await;
        browser.until("document.activeElement.className === 'skip'").await;
        browser.until("document.activeElement.getBoundingClientRect().left >= 0").await;
        browser.press("\u{e007}").await;
        browser.until("location.hash === '#main'").await;
        browser.press("\u{e004}").await;
        browser.until("document.activeElement.name === 'name'").await;
        let ring = browser.ask("getComputedStyle(document.activeElement).outlineStyle").await;
        assert_eq!(ring, "solid");
    })
    .await;
}
