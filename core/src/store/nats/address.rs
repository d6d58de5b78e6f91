//! The URL: where the servers are, and what of the options it brings.

use crate::{Error, store::nats::failure};

const ACTION: &str = "understand the URL";

/// What a URL says: `nats://user:password@one:4222,two:4222/?prefix=shop&replicas=3`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) servers: Vec<String>,
    pub(super) settings: Vec<(String, String)>,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| {
            failure::to(ACTION, "it does not begin with `nats://`, as in `nats://127.0.0.1:4222`")
        })?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, path) = place.split_once('/').unwrap_or((place, ""));
        if !path.is_empty() {
            let why = format!("it has the path `/{path}`; a log is named by `?prefix=…`");
            return Err(failure::to(ACTION, why));
        }
        let (user, hosts) = match hosts.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), hosts),
        };
        let servers: Vec<_> = hosts
            .split(',')
            .filter(|host| !host.is_empty())
            .map(|host| format!("{scheme}://{user}{host}"))
            .collect();
        if servers.is_empty() {
            return Err(failure::to(ACTION, "it names no server, as in `nats://127.0.0.1:4222`"));
        }
        let mut settings = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = percent_encoding::percent_decode_str(value).decode_utf8();
            let value = value.map_err(|source| failure::to(ACTION, source))?;
            settings.push((name.to_owned(), value.into_owned()));
        }
        Ok(Self { servers, settings })
    }
}

/// A setting that cannot be understood.
pub(super) fn odd(name: &str, value: &str, known: &str) -> Error {
    failure::to(ACTION, format!("`{name}={value}` is not known: {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_servers_and_settings() {
        let address =
            Address::parse("nats://a:b@one:4222,two/?prefix=eu&ca=%2Fetc%2Fca.pem").unwrap();
        assert_eq!(address.servers, ["nats://a:b@one:4222", "nats://a:b@two"]);
        let settings = [("prefix", "eu"), ("ca", "/etc/ca.pem")];
        assert_eq!(address.settings, settings.map(|(name, value)| (name.into(), value.into())));
        for bad in ["one:4222", "nats://", "nats:///shop", "nats://one/shop"] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }
}
