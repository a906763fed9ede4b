//! Answers: with what their headers say, page by page, and the errors inside of them.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::error::{ApiError, GraphError};
use super::usage::Usage;
use crate::webhook::wire::{Flag, Text, filled, part};

/// An answer, with what its headers say about limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// What the usage headers say.
    pub usage: Usage,
}

impl<T> Answer<T> {
    /// The same with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: f(self.value),
            usage: self.usage,
        }
    }
}

/// The result of a call.
pub type Result<T> = std::result::Result<Answer<T>, GraphError>;

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Paged<T> {
    /// What is on it; elements that could not be read are left out and counted.
    pub data: Vec<T>,
    /// The cursor of the next page; `None` on the last.
    pub after: Option<String>,
    /// How many elements could not be read.
    pub unread: usize,
}

#[derive(Deserialize)]
struct WirePage<'a> {
    #[serde(borrow, default)]
    data: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    paging: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WirePaging<'a> {
    #[serde(borrow, default)]
    cursors: Option<WireCursors<'a>>,
    #[serde(borrow, default)]
    next: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireCursors<'a> {
    #[serde(borrow, default)]
    after: Option<Text<'a>>,
}

impl<T: DeserializeOwned> Paged<T> {
    pub(super) fn read(text: &str) -> Option<Self> {
        let page: WirePage<'_> = serde_json::from_str(text).ok()?;
        let paging = part::<WirePaging<'_>>(page.paging);
        let after = paging.and_then(|p| {
            p.next?;
            p.cursors.and_then(|c| filled(c.after))
        });
        let len = page.data.len();
        let data: Vec<T> = page
            .data
            .into_iter()
            .filter_map(|raw| serde_json::from_str(raw.get()).ok())
            .collect();
        Some(Self {
            unread: len - data.len(),
            data,
            after,
        })
    }
}

pub(super) fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Whether an answer says `false` or `{"success":false}`.
pub(super) fn says_no(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Success {
        success: Option<bool>,
    }
    text.trim() == "false"
        || serde_json::from_str::<Success>(text).is_ok_and(|s| s.success == Some(false))
}

#[derive(Deserialize)]
struct WireError<'a> {
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    // The shape of Instagram Login's code exchange.
    #[serde(borrow, default)]
    error_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    code: Option<Text<'a>>,
    #[serde(borrow, default)]
    error_message: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireApiError<'a> {
    #[serde(borrow, default)]
    message: Option<Text<'a>>,
    #[serde(borrow, default)]
    code: Option<Text<'a>>,
    #[serde(borrow, default)]
    error_subcode: Option<Text<'a>>,
    #[serde(default)]
    is_transient: Flag,
    #[serde(borrow, default)]
    error_user_msg: Option<Text<'a>>,
    #[serde(borrow, default)]
    fbtrace_id: Option<Text<'a>>,
}

/// The error in an answer, whatever its HTTP status.
pub(super) fn read_error(text: &str, status: u16) -> Option<ApiError> {
    let wire: WireError<'_> = serde_json::from_str(text).ok()?;
    let number = |text: &Option<Text<'_>>| text.as_ref().and_then(Text::number);
    if let Some(error) = wire.error {
        let read: WireApiError<'_> = part(Some(error))?;
        return Some(ApiError {
            status,
            code: number(&read.code).unwrap_or(0),
            subcode: number(&read.error_subcode).filter(|s| *s != 0),
            is_transient: read.is_transient.0,
            trace_id: filled(read.fbtrace_id),
            message: filled(read.message).unwrap_or_default(),
            user_message: filled(read.error_user_msg),
        });
    }
    wire.error_type.as_ref()?;
    // Its `code` is an HTTP status: a refused code exchange is a token that is no use.
    let code = match number(&wire.code) {
        Some(400..=403) => 190,
        Some(429) => 4,
        _ => 1,
    };
    Some(ApiError {
        status,
        code,
        message: filled(wire.error_message).unwrap_or_default(),
        ..ApiError::default()
    })
}
