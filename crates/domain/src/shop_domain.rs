//! The domain of a seller's own under which the shop front answers.

use std::fmt;

/// A host name on the public Internet, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopDomain(Box<str>);

/// Why a text is no such name, with what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidShopDomain {
    /// No host name.
    #[error("write the name alone, such as shop.example.com")]
    NoName,
    /// Letters that a host name does not have.
    #[error("write it with a to z, digits and hyphens; other scripts in their form with xn--")]
    Letters,
    /// An address in numbers.
    #[error("an IP address is no domain; register a name and use that")]
    Address,
    /// A name that only a machine or a house knows.
    #[error("this name is known to no customer; register one and use that")]
    Private,
}

/// Longest host name (RFC 1035).
const CHARS_MAX: usize = 253;
/// Longest part of one.
const LABEL_CHARS_MAX: usize = 63;

/// Endings that never lead anywhere on the Internet (RFC 6761, 6762, 9476 and ICANN's `internal`).
const PRIVATE: [&str; 11] = [
    "localhost",
    "local",
    "localdomain",
    "internal",
    "lan",
    "home",
    "corp",
    "test",
    "invalid",
    "onion",
    "arpa",
];

impl ShopDomain {
    /// Reads a name. An address of a page is taken for the host in it.
    pub fn parse(text: &str) -> Result<Self, InvalidShopDomain> {
        let text = text.trim().to_lowercase();
        let text = text
            .strip_prefix("https://")
            .or(text.strip_prefix("http://"))
            .unwrap_or(&text);
        let name = text
            .split('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches('.');
        if name.is_empty() || name.len() > CHARS_MAX {
            return Err(InvalidShopDomain::NoName);
        }
        let host = name.rsplit_once(':').map_or(name, |(host, _)| host);
        if host.parse::<std::net::Ipv4Addr>().is_ok()
            || name.starts_with('[')
            || name.matches(':').count() > 1
        {
            return Err(InvalidShopDomain::Address);
        }
        let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if name.contains(|c: char| c.is_whitespace() || c == ':' || c == '@') {
            return Err(InvalidShopDomain::NoName);
        }
        if !name.chars().all(is_letter) {
            return Err(InvalidShopDomain::Letters);
        }
        let labels: Vec<&str> = name.split('.').collect();
        let fits = |label: &&str| {
            !label.is_empty()
                && label.len() <= LABEL_CHARS_MAX
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let last = labels.last().copied().unwrap_or_default();
        if PRIVATE.contains(&last) {
            return Err(InvalidShopDomain::Private);
        }
        // A last part of digits would be read as an address (WHATWG URL).
        if last.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidShopDomain::Address);
        }
        if labels.len() < 2 || !labels.iter().all(fits) {
            return Err(InvalidShopDomain::NoName);
        }
        Ok(Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ShopDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::InvalidShopDomain::{Address, Letters, NoName, Private};
    use super::ShopDomain;

    #[test]
    fn a_name_is_found_in_what_people_paste() {
        for text in [
            "shop.mira.example",
            " Shop.Mira.Example. ",
            "https://shop.mira.example/",
            "http://shop.mira.example/p/1",
        ] {
            assert_eq!(
                ShopDomain::parse(text).map(|name| name.to_string()),
                Ok("shop.mira.example".to_owned())
            );
        }
        for text in ["mira.lk", "xn--mgbab2bd.example", "a-b.c-d.co.in"] {
            assert_eq!(ShopDomain::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        let long = format!("{}.com", "a".repeat(64));
        for (text, why) in [
            ("", NoName),
            ("shop", NoName),
            ("shop..com", NoName),
            ("-a.com", NoName),
            ("a-.com", NoName),
            (long.as_str(), NoName),
            ("shop.example.com:8080", NoName),
            ("a b.com", NoName),
            ("me@shop.com", NoName),
            ("मीरा.भारत", Letters),
            ("shop_1.com", Letters),
            ("203.0.113.7", Address),
            ("203.0.113.7:80", Address),
            ("http://[2001:db8::1]/", Address),
            ("2001:db8::1", Address),
            ("a.1", Address),
            ("0x7f.1", Address),
            ("localhost", Private),
            ("shop.localhost", Private),
            ("printer.local", Private),
            ("x.internal", Private),
        ] {
            assert_eq!(ShopDomain::parse(text), Err(why), "{text}");
        }
    }
}
