//! The URL: what the driver takes from it, and what it leaves to us.

use std::time::Duration;

use deadpool_postgres::tokio_postgres::{Config, config::SslMode};

use crate::{
    Error,
    store::postgres::{failure, tls::Trust},
};

/// Where the server is and how to talk to it.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) trust: Trust,
}

impl Address {
    /// Reads a URL. The driver knows neither `sslrootcert` nor the modes that check the server.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let (mode, root, url) = take_tls(url);
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
        Ok(Self { config, trust })
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

/// Takes `sslmode` and `sslrootcert` out of the URL's query.
fn take_tls(url: &str) -> (Option<String>, Option<String>, String) {
    let Some((front, query)) = url.split_once('?') else { return (None, None, url.to_owned()) };
    let (mut mode, mut root, mut rest) = (None, None, Vec::new());
    for part in query.split('&') {
        match part.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            Some(("sslrootcert", value)) => root = Some(unescape(value)),
            _ => rest.push(part),
        }
    }
    let url =
        if rest.is_empty() { front.to_owned() } else { format!("{front}?{}", rest.join("&")) };
    (mode, root, url)
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
    fn an_unknown_ssl_mode_is_refused() {
        assert!(Address::parse("postgres://me@db/shop?sslmode=maybe").is_err());
    }
}
