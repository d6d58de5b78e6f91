//! A headless Chromium, and a site for it to visit.

use std::{
    env,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use actum_tests::service;
use axum::{Router, http::Method};
use fantoccini::{Client, ClientBuilder, Locator, wd::WebDriverCompatibleCommand};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

pub struct Browser {
    pub client: Client,
    /// Where the site is.
    pub base: String,
    _driver: Driver,
}

/// Ends with the test, however that ends.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Visits a site, unless there is no browser here.
pub async fn visit<F: Future<Output = ()>>(router: Router, test: impl FnOnce(Browser) -> F) {
    let Some((driver, port)) = start() else {
        return service::missing(
            "install Debian's chromium and chromium-driver, or name a chromedriver by \
             ACTUM_CHROMEDRIVER, to run the inspector in a browser",
        );
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let base = format!("http://{}/actum/", listener.local_addr().expect("an address"));
    let site = Router::new().nest("/actum", router);
    let server = tokio::spawn(async move { axum::serve(listener, site).await });
    let arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
    ];
    let wanted = json!({
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": { "args": arguments },
    });
    let wanted = wanted.as_object().cloned().expect("an object");
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(wanted)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .expect("a session");
    let browser = Browser { client: client.clone(), base, _driver: driver };
    test(browser).await;
    client.close().await.expect("the session ends");
    server.abort();
}

fn start() -> Option<(Driver, u16)> {
    let named = env::var_os("ACTUM_CHROMEDRIVER").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let found = || env::split_paths(&path).map(|folder| folder.join("chromedriver"));
    let program = named.or_else(|| found().find(|program| program.is_file()))?;
    let mut child = Command::new(&program)
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let driver = Driver(child);
    let port = loop {
        let line = lines.next().expect("chromedriver tells its port").expect("text");
        if let Some((_, port)) = line.split_once("successfully on port ") {
            break port.trim_end_matches('.').parse().expect("a port");
        }
    };
    // What it says later must go somewhere.
    std::thread::spawn(move || lines.for_each(drop));
    Some((driver, port))
}

impl Browser {
    pub async fn open(&self, page: &str) {
        self.client.goto(&format!("{}{page}", self.base)).await.expect("the page opens");
    }

    /// What an expression is worth in the page.
    pub async fn ask(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        self.client.execute(&script, Vec::new()).await.expect("it can be evaluated")
    }

    /// Waits until an expression is true in the page.
    pub async fn until(&self, expression: &str) {
        for _ in 0..600 {
            if self.ask(expression).await == Value::Bool(true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let page = self.ask("document.body.innerText").await;
        panic!("it never is that {expression}: {page}");
    }

    /// Presses keys wherever the focus is.
    pub async fn press(&self, keys: &str) {
        let active = self.client.active_element().await.expect("a focus");
        active.send_keys(keys).await.expect("keys");
    }

    pub async fn click(&self, selector: &str) {
        let found = self.client.find(Locator::Css(selector)).await;
        found.expect("it is there").click().await.expect("a click");
    }

    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.client.find(Locator::Css(selector)).await.expect("it is there");
        field.clear().await.expect("empty");
        field.send_keys(text).await.expect("keys");
    }

    /// How wide and high the page is shown, and by light or in the dark.
    pub async fn show(&self, (width, height): (u32, u32), scheme: &str) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.issue("goog/cdp/execute", body).await
    }

    /// What the browser has complained about since it was last asked.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.issue("se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        entries.iter().map(|entry| entry["message"].to_string()).collect()
    }

    /// Keeps a picture where pictures are wanted.
    pub async fn picture(&self, name: &str) {
        let picture = self.client.screenshot().await.expect("a picture");
        assert!(picture.starts_with(b"\x89PNG"));
        if let Some(folder) = env::var_os("ACTUM_SCREENSHOTS") {
            let file = PathBuf::from(folder).join(format!("{name}.png"));
            std::fs::write(&file, picture).expect("the picture is kept");
        }
    }

    async fn issue(&self, path: &'static str, body: Value) -> Value {
        let command = Extra { path, body: body.to_string() };
        self.client.issue_cmd(command).await.expect("the driver answers")
    }
}

/// A command of chromedriver that WebDriver does not have.
#[derive(Debug)]
struct Extra {
    path: &'static str,
    body: String,
}

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.clone()))
    }
}
