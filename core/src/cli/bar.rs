//! Progress bars, on the standard error and only if that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar up to `len`, which counts `unit`.
pub(super) fn new(len: u64, what: &'static str, unit: &str) -> ProgressBar {
    // Hidden by itself where the standard error is no terminal.
    let bar = ProgressBar::new(len);
    bar.set_style(style(unit));
    bar.set_message(what);
    bar
}

/// How a bar looks.
pub(super) fn style(unit: &str) -> ProgressStyle {
    let template = format!(
        "{{msg}} {{wide_bar}} {{human_pos}}/{{human_len}} {unit}, {{per_sec:.0}}, {{eta}} left"
    );
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
