//! The URL: what the driver takes from it, and what it leaves to us.

use std::time::Duration;

use deadpool_postgres::tokio_postgres::{Config, config::SslMode};

use crate::{
    Error,
    store::postgres::{failure, tls::Trust},
};

/// Where the server is, how to talk to it, and where the log is on it.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) trust: Trust,
    pub(super) schema: Option<String>,
    pub(super) prefix: Option<String>,
}

impl Address {
    /// Reads a URL. The driver knows neither `sslrootcert` nor the modes that check the server.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let Taken { mode, root, schema, prefix, rest: url } = Taken::from(url);
        // The driver's text names the part that is wrong, never the password.
        let mut config: Config =
            url.parse().map_err(|source| failure::to("understand the URL", Box::new(source)))?;
        let trust = match (mode.as_deref(), root) {
            (Some("verify-full" | "verify-ca"), None) => Trust::System,
            // As libpq: whoever names the authorities wants the server checked.
            (Some("verify-full" | "verify-ca" | "require"), Some(root)) => Trust::File(root),
            _ => Trust::Anyone,
        };
        match mode.as_deref() {
            None | Some("prefer") => config.ssl_mode(SslMode::Prefer),
            Some("disable") => config.ssl_mode(SslMode::Disable),
            Some("require" | "verify-ca" | "verify-full") => config.ssl_mode(SslMode::Require),
            Some(other) => {
                let why = format!(
                    "`sslmode={other}` is not one of disable, prefer, require, verify-full"
                );
                return Err(failure::to("understand the URL", why));
            }
        };
        patience(&mut config);
        Ok(Self { config, trust, schema, prefix })
    }
}

/// A server that has gone without a word is noticed within a minute, unless the URL says otherwise.
fn patience(config: &mut Config) {
    const DRIVERS_DEFAULT: Duration = Duration::from_hours(2);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(30));
    }
    if config.get_keepalives_idle() == DRIVERS_DEFAULT {
        config.keepalives_idle(Duration::from_secs(20));
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(Duration::from_secs(10));
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(3);
    }
}

/// What the driver does not know, and the URL without it.
#[derive(Default)]
struct Taken {
    mode: Option<String>,
    root: Option<String>,
    schema: Option<String>,
    prefix: Option<String>,
    rest: String,
}

impl Taken {
    fn from(url: &str) -> Self {
        let Some((front, query)) = url.split_once('?') else {
            return Self { rest: url.to_owned(), ..Self::default() };
        };
        let (mut taken, mut rest) = (Self::default(), Vec::new());
        for part in query.split('&') {
            match part.split_once('=') {
                Some(("sslmode", value)) => taken.mode = Some(value.to_owned()),
                Some(("sslrootcert", value)) => taken.root = Some(unescape(value)),
                Some(("schema", value)) => taken.schema = Some(value.to_owned()),
                Some(("prefix", value)) => taken.prefix = Some(value.to_owned()),
                _ => rest.push(part),
            }
        }
        front.clone_into(&mut taken.rest);
        if !rest.is_empty() {
            taken.rest.extend(["?", &rest.join("&")]);
        }
        taken
    }
}

/// A path in a URL: `%2F` is a slash.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let code = after.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.unwrap_or(b'%'));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> (SslMode, Trust) {
        let address = Address::parse(&format!("postgres://me@db/shop{query}")).unwrap();
        (address.config.get_ssl_mode(), address.trust)
    }

    #[test]
    fn the_ssl_mode_means_what_it_means_to_libpq() {
        let file = || Trust::File("/etc/ca certs.pem".into());
        assert_eq!(parsed(""), (SslMode::Prefer, Trust::Anyone));
        assert_eq!(parsed("?sslmode=disable"), (SslMode::Disable, Trust::Anyone));
        assert_eq!(parsed("?sslmode=require"), (SslMode::Require, Trust::Anyone));
        assert_eq!(parsed("?sslmode=verify-full"), (SslMode::Require, Trust::System));
        let query = "?sslmode=verify-full&sslrootcert=%2Fetc%2Fca%20certs.pem&connect_timeout=3";
        assert_eq!(parsed(query), (SslMode::Require, file()));
        let query = "?sslmode=require&sslrootcert=%2Fetc%2Fca%20certs.pem";
        assert_eq!(parsed(query), (SslMode::Require, file()));
    }

    #[test]
    fn the_url_may_name_schema_and_prefix() {
        let url = "postgresql://me@db/shop?schema=orders&connect_timeout=3&prefix=eu_";
        let address = Address::parse(url).unwrap();
        assert_eq!(address.schema.as_deref(), Some("orders"));
        assert_eq!(address.prefix.as_deref(), Some("eu_"));
        assert_eq!(address.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        assert_eq!(Address::parse("postgres://me@db/shop").unwrap().schema, None);
    }

    #[test]
    fn an_unknown_ssl_mode_is_refused() {
        assert!(Address::parse("postgres://me@db/shop?sslmode=maybe").is_err());
    }
}
