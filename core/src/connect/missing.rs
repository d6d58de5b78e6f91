//! A store whose feature is not switched on.

use std::sync::Arc;

use crate::{Error, Result, store::Store};

#[expect(clippy::unused_async, reason = "as the stores that are there")]
pub(super) async fn open(url: &str) -> Result<Arc<dyn Store>> {
    let scheme = url.split(':').next().unwrap_or_default();
    let feature = match scheme {
        "postgresql" => "postgres",
        "tls" => "nats",
        scheme => scheme,
    };
    Err(Error::Unknown {
        what: "store",
        name: scheme.to_owned(),
        help: format!("switch on the feature `{feature}` of the crate `actum`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_error_names_the_feature_to_switch_on() {
        for (url, feature) in [
            ("sqlite:shop.db", "`sqlite`"),
            ("postgres://me@db/shop", "`postgres`"),
            ("nats://one:4222", "`nats`"),
            ("postgresql://me@db/shop", "`postgres`"),
        ] {
            let Err(error) = open(url).await else { panic!("{url} was opened") };
            let text = error.to_string();
            assert!(text.contains("switch on the feature") && text.contains(feature), "{text}");
        }
    }
}
