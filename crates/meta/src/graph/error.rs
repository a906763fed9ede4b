//! What went wrong with a Graph call, and what to do about it.
//!
//! Decided by code and subcode only, from the table in [`super::table`]: Meta's texts come in the
//! language of whoever asked.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::table::{RETRY, Reason, advise};
use super::usage::Usage;

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Try again after a while, at most so many times.
    Retry {
        /// How often at most.
        times: u8,
    },
    /// Stop calling and go on after a while. Calls made meanwhile lengthen the block.
    Wait {
        /// How long at first, in seconds; from Meta's headers where they say.
        seconds: u32,
        /// It doubles with every further refusal up to this.
        at_most: u32,
    },
    /// The token is of no use any more: the seller has to connect again.
    Reconnect,
    /// The request or a setting is wrong: it will fail again until somebody changes that.
    Fix,
    /// This message or item cannot go through; give it up.
    Drop,
    /// What was asked for has already happened; count it as done.
    AlreadyDone,
    /// It may or may not have happened: look before doing it again.
    OutcomeUnknown,
}

impl Advice {
    /// Seconds to wait before trying again after `attempt` failures (1 is the first). `None` when
    /// it should not be tried again by itself.
    pub fn delay_seconds(self, attempt: u32) -> Option<u32> {
        let doubled = |first: u32, at_most: u32| {
            first
                .saturating_mul(
                    1u32.checked_shl(attempt.saturating_sub(1).min(31))
                        .unwrap_or(1 << 31),
                )
                .min(at_most)
                .max(1)
        };
        match self {
            Self::Retry { times } if attempt <= u32::from(times) => Some(doubled(2, 300)),
            Self::Wait { seconds, at_most } => Some(doubled(seconds, at_most.max(seconds))),
            _ => None,
        }
    }
}

/// Meta's own account of a failure. Its texts may repeat what was sent, so neither `Debug` nor
/// `Display` shows them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ApiError {
    /// HTTP status; usually 400, not to be relied on.
    pub status: u16,
    /// Meta's code.
    pub code: i64,
    /// Meta's subcode.
    pub subcode: Option<i64>,
    /// Whether Meta says it will pass.
    pub is_transient: bool,
    /// For Meta's support.
    pub trace_id: Option<String>,
    /// Meta's text for developers. For the seller's screen at most, never for a log.
    pub message: String,
    /// Meta's text for people. For the seller's screen at most, never for a log.
    pub user_message: Option<String>,
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("status", &self.status)
            .field("code", &self.code)
            .field("subcode", &self.subcode)
            .field("is_transient", &self.is_transient)
            .field("trace_id", &self.trace_id)
            .finish_non_exhaustive()
    }
}

/// A Graph call that failed. Safe to print: no token, no address, no text of anybody.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphError {
    /// What to do.
    pub advice: Advice,
    /// What it means.
    pub reason: Reason,
    /// Meta's account, when it gave one.
    pub api: Option<Box<ApiError>>,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// What the usage headers said.
    pub usage: Box<Usage>,
}

impl GraphError {
    /// A failure that Meta reported.
    pub fn from_api(api: ApiError, usage: Usage) -> Self {
        let (mut advice, reason) = advise(api.code, api.subcode, api.is_transient);
        if let (Advice::Wait { seconds, at_most }, Some(regain)) = (advice, usage.regain_seconds())
        {
            advice = Advice::Wait {
                seconds: seconds.max(regain),
                at_most: at_most.max(regain),
            };
        }
        Self {
            advice,
            reason,
            status: Some(api.status),
            api: Some(Box::new(api)),
            usage: Box::new(usage),
        }
    }

    /// A failure without Meta's account of it.
    pub(super) fn of(reason: Reason, status: Option<u16>, is_send: bool, usage: Usage) -> Self {
        let advice = match reason {
            Reason::NotConnected => Advice::Retry { times: u8::MAX },
            Reason::InvalidRequest => Advice::Fix,
            _ if is_send => Advice::OutcomeUnknown,
            _ => RETRY,
        };
        Self {
            advice,
            reason,
            api: None,
            status,
            usage: Box::new(usage),
        }
    }

    /// Meta's code and subcode, when it gave them.
    pub fn code(&self) -> Option<(i64, Option<i64>)> {
        self.api.as_ref().map(|api| (api.code, api.subcode))
    }
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.sentence())?;
        match (&self.api, self.status) {
            (Some(api), _) => {
                write!(f, " (code {}", api.code)?;
                if let Some(subcode) = api.subcode {
                    write!(f, "/{subcode}")?;
                }
                if let Some(trace) = &api.trace_id {
                    write!(f, ", trace {trace}")?;
                }
                f.write_str(")")
            }
            (None, Some(status)) => write!(f, " (HTTP {status})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for GraphError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_their_bound_and_retries_end() {
        assert_eq!(Advice::Retry { times: 3 }.delay_seconds(1), Some(2));
        assert_eq!(Advice::Retry { times: 3 }.delay_seconds(3), Some(8));
        assert_eq!(Advice::Retry { times: 3 }.delay_seconds(4), None);
        let restricted = advise(10, Some(1_893_063), false).0;
        let waits: Vec<_> = (1..=5)
            .map(|n| restricted.delay_seconds(n).unwrap())
            .collect();
        assert_eq!(waits, [1800, 3600, 7200, 14_400, 14_400]);
        assert_eq!(
            Advice::Wait {
                seconds: 5,
                at_most: 10
            }
            .delay_seconds(u32::MAX),
            Some(10)
        );
        assert_eq!(Advice::Drop.delay_seconds(1), None);
        assert_eq!(Advice::OutcomeUnknown.delay_seconds(1), None);
    }

    #[test]
    fn nothing_that_meta_wrote_is_printed() {
        let api = ApiError {
            status: 400,
            code: 100,
            message: "Param `hello from Ana` invalid for token EAAB".into(),
            user_message: Some("hello from Ana".into()),
            trace_id: Some("Ax1".into()),
            ..ApiError::default()
        };
        let error = GraphError::from_api(api, Usage::default());
        assert_eq!(
            error.to_string(),
            "Meta finds a parameter invalid. (code 100, trace Ax1)"
        );
        assert!(!format!("{error:?}").contains("Ana") && !format!("{error:?}").contains("EAAB"));
    }
}
