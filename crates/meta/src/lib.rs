//! Everything Meta: webhook signatures and payloads, the Graph API client with its errors, usage
//! headers and rate limits, and the platform's rules for what may be sent.
//!
//! Knows no SQL and none of the product's nouns: ids are strings, times are milliseconds since
//! 1970 in UTC, and what an event means for an order is somebody else's decision.

/// `Debug` without contents, for what holds words, names or numbers of customers: they must not
/// reach a log by way of a `{:?}`.
macro_rules! quiet_debug {
    ($($name:ident),* $(,)?) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}
pub(crate) use quiet_debug;

pub mod fate;
pub mod graph;
pub mod limits;
pub mod outgoing;
pub mod signature;
pub mod signed_request;
pub mod webhook;

pub use fate::{Fate, Kind};
pub use signature::{AppSecret, AppSecrets, SecretKind, Verified};
pub use webhook::{Event, Item, Object, Split, extract_text, split};
