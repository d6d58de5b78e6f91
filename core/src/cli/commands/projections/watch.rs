//! Follows what is behind until it has caught up: a bar each, or a line for each change where the
//! standard error is no terminal.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use console::Term;
use indicatif::{HumanDuration, MultiProgress, ProgressBar};
use serde::Serialize;

use super::Projections;
use crate::{
    Id,
    app::FOREIGN,
    cli::{
        bar,
        builds::{Build, Kind, State},
        exit::{Exit, Failure},
        out::Out,
        plain,
    },
    store::Store,
};

/// How often the store is asked.
const PERIOD: Duration = Duration::from_millis(250);

/// Which build.
type Key = (Kind, String, u32, usize);

/// How far one was when the watch began.
struct Begun {
    at: Instant,
    from: Id,
    shown: Option<Id>,
    bar: ProgressBar,
}

/// One change, as JSON.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    name: &'a str,
    version: u32,
    state: &'static str,
    checkpoint: Id,
    head: Id,
    ids_per_second: Option<f64>,
    eta_seconds: Option<f64>,
    caught_up: bool,
}

impl Projections {
    pub(super) async fn watch(&self, store: &dyn Store, out: &mut Out) -> Result<Exit, Failure> {
        let head = store.head().await?;
        let (bars, mut begun) = (MultiProgress::new(), HashMap::<Key, Begun>::new());
        // Bars for people who look, lines for whoever reads.
        let prints = out.is_json() || !Term::stderr().is_term();
        loop {
            let builds = self.builds(store).await?;
            let mut behind = false;
            for build in builds.iter().filter(|build| build.state != State::Replaced) {
                let key = (build.kind, build.name.clone(), build.version, build.views.len());
                let one = begun.entry(key).or_insert_with(|| Begun::new(build, head, &bars));
                let done = has_caught_up(build, head);
                behind |= !done;
                let rate = one.rate(build.checkpoint);
                one.bar.set_position(build.checkpoint.0.min(head.0));
                if done && !one.bar.is_finished() {
                    one.bar.finish();
                }
                if prints && one.shown != Some(build.checkpoint) {
                    print(out, build, head, rate, done)?;
                }
                one.shown = Some(build.checkpoint);
            }
            out.flush()?;
            if !behind {
                return Ok(Exit::Done);
            }
            tokio::time::sleep(PERIOD).await;
        }
    }
}

/// A projection stores its checkpoint only now and then while nothing in the log concerns it.
fn has_caught_up(build: &Build, head: Id) -> bool {
    build.state == State::Serves && head.0.saturating_sub(build.checkpoint.0) < FOREIGN
}

impl Begun {
    fn new(build: &Build, head: Id, bars: &MultiProgress) -> Self {
        let bar = bar::new(head.0, "", "ids");
        bar.set_message(format!("{} v{}", plain::text(&build.name), build.version));
        // What was done before is not counted into the speed.
        let bar = bars.add(bar.with_position(build.checkpoint.0.min(head.0)));
        bar.reset_eta();
        Self { at: Instant::now(), from: build.checkpoint, shown: None, bar }
    }

    fn rate(&self, checkpoint: Id) -> Option<f64> {
        let ids = checkpoint.0.checked_sub(self.from.0)?;
        let seconds = self.at.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = ids as f64 / seconds;
        (ids > 0 && seconds > 0.0).then_some(rate)
    }
}

fn print(
    out: &mut Out,
    build: &Build,
    head: Id,
    rate: Option<f64>,
    caught_up: bool,
) -> Result<(), Failure> {
    let left = head.0.saturating_sub(build.checkpoint.0);
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let eta_seconds = rate.map(|rate| left as f64 / rate);
    if out.is_json() {
        return out.json(&Line {
            kind: build.kind.as_str(),
            name: &build.name,
            version: build.version,
            state: build.state.as_str(),
            checkpoint: build.checkpoint,
            head,
            ids_per_second: rate,
            eta_seconds,
            caught_up,
        });
    }
    let mut line =
        format!("{} v{}  {} of {head}", plain::text(&build.name), build.version, build.checkpoint);
    if let (Some(rate), Some(eta), false) = (rate, eta_seconds, caught_up) {
        let eta = Duration::try_from_secs_f64(eta).unwrap_or(Duration::MAX);
        line.push_str(&format!(", {rate:.0} events/s, {} left", HumanDuration(eta)));
    }
    line.push_str(if caught_up { ", caught up" } else { "" });
    out.line(&line)
}
