//! When a customer may be written to.

use crate::graph::Channel;

const HOUR_MS: i64 = 3_600_000;
/// The standard window after each message of the customer.
pub const WINDOW_MS: i64 = 24 * HOUR_MS;
/// How long a person may still answer under `HUMAN_AGENT`.
pub const HUMAN_AGENT_MS: i64 = 7 * 24 * HOUR_MS;
/// How long a comment may be answered in private.
pub const PRIVATE_REPLY_MS: i64 = 7 * 24 * HOUR_MS;

/// Whether a customer may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaySend {
    /// Yes, until this time (milliseconds since 1970).
    Allowed {
        /// When the window closes.
        until_ms: i64,
    },
    /// Yes, by a person and with [`crate::graph::Outgoing::human_agent`] set, until this time.
    AllowedWithTag {
        /// When that window closes.
        until_ms: i64,
    },
    /// No.
    Refused(WhyNot),
}

/// Why a customer may not be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// The customer never wrote.
    NeverWrote,
    /// More than 24 hours, and this is automatic: only a person may write now.
    OnlyAPerson,
    /// More than 24 hours, and the app has no Human Agent permission.
    NoHumanAgent,
    /// Too long ago for anybody.
    TooLate,
}

impl WhyNot {
    /// In English, with what can be done.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NeverWrote => "The customer has to write first.",
            Self::OnlyAPerson => {
                "More than 24 hours have passed since the customer's last message: only a person \
                 may still write."
            }
            Self::NoHumanAgent => {
                "More than 24 hours have passed since the customer's last message, and the Meta app \
                 lacks the Human Agent permission: write from the Instagram app."
            }
            Self::TooLate => {
                "The customer's last message is too long ago: they have to write again."
            }
        }
    }
}

/// Whether a customer whose last message is of `last_customer_message_at` may be written to `now`
/// (both in milliseconds since 1970). Tags of other kinds ended on 2026-04-27.
pub fn may_send(
    channel: Channel,
    last_customer_message_at: Option<i64>,
    now: i64,
    by_person: bool,
    human_agent_enabled: bool,
) -> MaySend {
    let Some(last) = last_customer_message_at else {
        return MaySend::Refused(WhyNot::NeverWrote);
    };
    let age = now.saturating_sub(last);
    if age < WINDOW_MS {
        return MaySend::Allowed {
            until_ms: last.saturating_add(WINDOW_MS),
        };
    }
    if channel == Channel::Whatsapp || age >= HUMAN_AGENT_MS {
        return MaySend::Refused(WhyNot::TooLate);
    }
    if !by_person {
        return MaySend::Refused(WhyNot::OnlyAPerson);
    }
    if !human_agent_enabled {
        return MaySend::Refused(WhyNot::NoHumanAgent);
    }
    MaySend::AllowedWithTag {
        until_ms: last.saturating_add(HUMAN_AGENT_MS),
    }
}

/// Whether a comment of `commented_at` may still be answered in private.
pub fn may_reply_privately(commented_at: i64, now: i64) -> bool {
    now.saturating_sub(commented_at) < PRIVATE_REPLY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_a_day_for_everybody_and_a_week_for_people() {
        let last = 1_793_000_000_000;
        let ask = |hours: i64, by_person, enabled| {
            may_send(
                Channel::Instagram,
                Some(last),
                last + hours * HOUR_MS,
                by_person,
                enabled,
            )
        };
        let open = MaySend::Allowed {
            until_ms: last + WINDOW_MS,
        };
        let tagged = MaySend::AllowedWithTag {
            until_ms: last + HUMAN_AGENT_MS,
        };
        assert_eq!(ask(0, false, false), open);
        assert_eq!(ask(23, false, false), open);
        assert_eq!(
            ask(-1, false, false),
            open,
            "a clock that runs ahead shuts nobody out"
        );
        assert_eq!(ask(24, false, true), MaySend::Refused(WhyNot::OnlyAPerson));
        assert_eq!(ask(24, true, false), MaySend::Refused(WhyNot::NoHumanAgent));
        assert_eq!(ask(24, true, true), tagged);
        assert_eq!(ask(167, true, true), tagged);
        assert_eq!(ask(168, true, true), MaySend::Refused(WhyNot::TooLate));
        assert_eq!(
            may_send(Channel::Whatsapp, Some(last), last + WINDOW_MS, true, true),
            MaySend::Refused(WhyNot::TooLate)
        );
        assert_eq!(
            may_send(Channel::Instagram, None, last, true, true),
            MaySend::Refused(WhyNot::NeverWrote)
        );
        assert!(may_reply_privately(last, last + PRIVATE_REPLY_MS - 1));
        assert!(!may_reply_privately(last, last + PRIVATE_REPLY_MS));
    }
}
