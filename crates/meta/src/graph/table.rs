//! The table of Meta's error codes: which code and subcode means what, and what to do about it.

use serde::{Deserialize, Serialize};

use super::error::Advice;

/// What a failure means, for words on a screen and for rules that need more than the advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each has its sentence below")]
pub enum Reason {
    Outage,
    TooMuchData,
    SentDespiteError,
    AppCapability,
    Throttled,
    RecipientThrottled,
    PermissionMissing,
    OutsideWindow,
    PersonUnreachable,
    PageRestricted,
    RoutingOff,
    InvalidRequest,
    ObjectMissing,
    ThreadGone,
    CommentNotReplyable,
    AccountRestricted,
    MediaRefused,
    TokenInvalid,
    SellerMustLogIn,
    PageRoleLost,
    MessageAccessOff,
    AppAccessLevel,
    PolicyBlock,
    Duplicate,
    AlreadyReplied,
    MessagesOff,
    Conflict,
    AccountNotEligible,
    Undeliverable,
    PaymentProblem,
    UnsupportedType,
    Unknown,
    NotConnected,
    TimedOut,
    ConnectionLost,
    NotJson,
    UnexpectedShape,
}

impl Reason {
    /// A sentence in English for the operator and the doctor.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Outage => "Meta's service is down or had an internal error.",
            Self::TooMuchData => "Meta asks for less data in one call.",
            Self::SentDespiteError => "Meta reported an error although the message was sent.",
            Self::AppCapability => "The Meta app lacks this capability; see its app review.",
            Self::Throttled => "Meta's rate limit is reached.",
            Self::RecipientThrottled => "Too many messages to one person in a short time.",
            Self::PermissionMissing => "A permission is missing or was taken away.",
            Self::OutsideWindow => {
                "More than 24 hours have passed since the customer's last message."
            }
            Self::PersonUnreachable => "The person cannot be reached on this channel.",
            Self::PageRestricted => "Meta restricts this page from sending for now.",
            Self::RoutingOff => "Conversation routing is not switched on for this account.",
            Self::InvalidRequest => "Meta finds a parameter invalid.",
            Self::ObjectMissing => {
                "The object does not exist, may not be seen with this token, or the call is gone."
            }
            Self::ThreadGone => "The conversation was archived or deleted.",
            Self::CommentNotReplyable => {
                "The comment cannot be replied to: deleted, too old, or replied to before."
            }
            Self::AccountRestricted => "The account is blocked or limited from messaging.",
            Self::MediaRefused => "Meta refuses the attachment: too big or of the wrong type.",
            Self::TokenInvalid => "The access token is no longer valid.",
            Self::SellerMustLogIn => "The seller has to log in to Facebook first, then reconnect.",
            Self::PageRoleLost => "The seller lost the role on the page.",
            Self::MessageAccessOff => {
                "Message access is switched off: in the Instagram app under Settings, Messages and \
                 story replies, Message controls, Connected tools, allow access to messages."
            }
            Self::AppAccessLevel => "The Meta app's access level is too low for this call.",
            Self::PolicyBlock => "Meta blocked this for a while for its policies.",
            Self::Duplicate => "Meta says that this was posted before.",
            Self::AlreadyReplied => "The comment has already been replied to.",
            Self::MessagesOff => "Messages are switched off for this page.",
            Self::Conflict => "It conflicts with something that exists.",
            Self::AccountNotEligible => "Messaging is not available for this account.",
            Self::Undeliverable => "WhatsApp could not deliver the message to this person.",
            Self::PaymentProblem => "The WhatsApp account is locked or has a payment problem.",
            Self::UnsupportedType => "WhatsApp does not take this type of message or template.",
            Self::Unknown => "Meta gave a code that is not known here.",
            Self::NotConnected => "No connection to Meta could be made; nothing was sent.",
            Self::TimedOut => "Meta did not answer in time.",
            Self::ConnectionLost => "The connection broke before Meta's answer came.",
            Self::NotJson => "The answer is not JSON.",
            Self::UnexpectedShape => "The answer lacks what it should hold.",
        }
    }
}

/// One row: which code, which subcodes (none: any other), what to do and why.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// First code of the range.
    pub from: i64,
    /// Last code of the range.
    pub to: i64,
    /// Subcodes the row is for; empty for any that has no row of its own.
    pub subcodes: &'static [i64],
    /// What to do.
    pub advice: Advice,
    /// What it means.
    pub reason: Reason,
}

const fn row(code: i64, subcodes: &'static [i64], advice: Advice, reason: Reason) -> Row {
    Row {
        from: code,
        to: code,
        subcodes,
        advice,
        reason,
    }
}

const fn range(from: i64, to: i64, advice: Advice, reason: Reason) -> Row {
    Row {
        from,
        to,
        subcodes: &[],
        advice,
        reason,
    }
}

const fn wait(seconds: u32, at_most: u32) -> Advice {
    Advice::Wait { seconds, at_most }
}

/// Tried again a few times.
pub(super) const RETRY: Advice = Advice::Retry { times: 3 };
const MINUTE: u32 = 60;
const HOUR: u32 = 3_600;
/// A rolling hour's throttle, when the headers do not say how long it lasts.
const THROTTLE: Advice = wait(5 * MINUTE, HOUR);

/// The table. Rows with subcodes are looked at first, whatever the order here.
pub const TABLE: &[Row] = &[
    row(
        1,
        &[1_357_046],
        Advice::AlreadyDone,
        Reason::SentDespiteError,
    ),
    row(1, &[99], Advice::Fix, Reason::PermissionMissing),
    row(1, &[], RETRY, Reason::Outage),
    row(2, &[1_545_133], RETRY, Reason::Outage),
    row(2, &[], RETRY, Reason::Outage),
    row(-1, &[], RETRY, Reason::Outage),
    row(-2, &[], RETRY, Reason::Outage),
    row(3, &[], Advice::Fix, Reason::AppCapability),
    row(
        4,
        &[2_018_022],
        wait(MINUTE, HOUR),
        Reason::RecipientThrottled,
    ),
    row(4, &[], THROTTLE, Reason::Throttled),
    row(17, &[], THROTTLE, Reason::Throttled),
    row(32, &[], THROTTLE, Reason::Throttled),
    row(341, &[], THROTTLE, Reason::Throttled),
    row(613, &[1996], THROTTLE, Reason::Throttled),
    row(613, &[2_534_040], wait(MINUTE, HOUR), Reason::Throttled),
    row(613, &[], THROTTLE, Reason::Throttled),
    row(
        10,
        &[2_534_022, 2_018_278, 2_018_276, 2_534_044],
        Advice::Drop,
        Reason::OutsideWindow,
    ),
    row(10, &[2_018_108], Advice::Drop, Reason::PersonUnreachable),
    row(
        10,
        &[1_893_063],
        wait(30 * MINUTE, 4 * HOUR),
        Reason::PageRestricted,
    ),
    row(10, &[], Advice::Fix, Reason::PermissionMissing),
    row(27, &[], Advice::Fix, Reason::RoutingOff),
    range(80_000, 80_006, THROTTLE, Reason::Throttled),
    row(80_008, &[], THROTTLE, Reason::Throttled),
    row(80_009, &[], THROTTLE, Reason::Throttled),
    row(80_014, &[], wait(MINUTE, 15 * MINUTE), Reason::Throttled),
    row(100, &[33], Advice::Fix, Reason::ObjectMissing),
    row(
        100,
        &[2_018_001, 2_534_014],
        Advice::Drop,
        Reason::PersonUnreachable,
    ),
    row(100, &[2_534_001], Advice::Drop, Reason::ThreadGone),
    row(
        100,
        &[2_534_025],
        Advice::AlreadyDone,
        Reason::CommentNotReplyable,
    ),
    row(
        100,
        &[2_534_029, 2_534_122],
        Advice::Fix,
        Reason::AccountRestricted,
    ),
    row(
        100,
        &[2_534_068, 2_018_109, 2_018_047],
        Advice::Fix,
        Reason::MediaRefused,
    ),
    row(100, &[], Advice::Fix, Reason::InvalidRequest),
    row(102, &[], Advice::Reconnect, Reason::TokenInvalid),
    row(104, &[], Advice::Reconnect, Reason::TokenInvalid),
    row(190, &[459, 464], Advice::Reconnect, Reason::SellerMustLogIn),
    row(190, &[492], Advice::Reconnect, Reason::PageRoleLost),
    row(
        190,
        &[452, 458, 460, 463, 465, 467],
        Advice::Reconnect,
        Reason::TokenInvalid,
    ),
    row(190, &[], Advice::Reconnect, Reason::TokenInvalid),
    row(200, &[2_534_041], Advice::Fix, Reason::MessageAccessOff),
    row(
        200,
        &[2_534_066],
        Advice::Reconnect,
        Reason::PermissionMissing,
    ),
    row(200, &[1_545_041], Advice::Drop, Reason::PersonUnreachable),
    range(200, 269, Advice::Fix, Reason::PermissionMissing),
    row(270, &[], Advice::Fix, Reason::AppAccessLevel),
    range(271, 299, Advice::Fix, Reason::PermissionMissing),
    row(368, &[], wait(4 * HOUR, 24 * HOUR), Reason::PolicyBlock),
    row(506, &[], Advice::Drop, Reason::Duplicate),
    row(551, &[], Advice::Drop, Reason::PersonUnreachable),
    row(1_545_041, &[], Advice::Drop, Reason::PersonUnreachable),
    row(2_534_013, &[], THROTTLE, Reason::Throttled),
    row(10_900, &[], Advice::AlreadyDone, Reason::AlreadyReplied),
    row(10_903, &[], Advice::Drop, Reason::PersonUnreachable),
    row(10_904, &[], Advice::Fix, Reason::MessagesOff),
    row(10_800, &[], Advice::Fix, Reason::Conflict),
    row(10_801, &[], Advice::Fix, Reason::Conflict),
    row(10_803, &[], Advice::Fix, Reason::Conflict),
    row(36_103, &[], Advice::Fix, Reason::AccountNotEligible),
    row(130_429, &[], wait(2, 5 * MINUTE), Reason::Throttled),
    row(131_056, &[], wait(8, HOUR), Reason::RecipientThrottled),
    row(131_000, &[], RETRY, Reason::Outage),
    row(131_016, &[], RETRY, Reason::Outage),
    row(131_052, &[], RETRY, Reason::Outage),
    row(131_026, &[], Advice::Drop, Reason::Undeliverable),
    row(131_049, &[], Advice::Drop, Reason::Undeliverable),
    row(130_472, &[], Advice::Drop, Reason::Undeliverable),
    row(131_047, &[], Advice::Drop, Reason::OutsideWindow),
    row(131_031, &[], Advice::Fix, Reason::PaymentProblem),
    row(131_042, &[], Advice::Fix, Reason::PaymentProblem),
    row(131_051, &[], Advice::Fix, Reason::UnsupportedType),
    row(131_053, &[], Advice::Fix, Reason::MediaRefused),
    range(132_000, 132_016, Advice::Fix, Reason::UnsupportedType),
];

/// What to do about a code, and what it means. An unknown code is tried again a few times.
pub fn advise(code: i64, subcode: Option<i64>, is_transient: bool) -> (Advice, Reason) {
    let fits = |row: &&Row| (row.from..=row.to).contains(&code);
    let exact = TABLE
        .iter()
        .filter(fits)
        .find(|row| subcode.is_some_and(|subcode| row.subcodes.contains(&subcode)));
    let found = exact.or_else(|| {
        TABLE
            .iter()
            .filter(fits)
            .find(|row| row.subcodes.is_empty())
    });
    match found {
        // Meta itself says that it will pass: then what we know of the code alone does not count.
        Some(row) if is_transient && exact.is_none() => match row.advice {
            Advice::Retry { .. } | Advice::Wait { .. } => (row.advice, row.reason),
            _ => (RETRY, row.reason),
        },
        Some(row) => (row.advice, row.reason),
        None => (RETRY, Reason::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The letters of the platform reference: R retry, W wait, A reconnect, P or F fix, D drop,
    /// S done already.
    const CASES: &[(&str, i64, &[i64])] = &[
        ("R", 1, &[0, 7]),
        ("F", 1, &[99]),
        ("S", 1, &[1_357_046]),
        ("R", 2, &[0, 1_545_133]),
        ("R", -1, &[0]),
        ("R", -2, &[0]),
        ("F", 3, &[0]),
        ("W", 4, &[0, 2_018_022]),
        ("W", 17, &[0]),
        ("W", 32, &[0]),
        ("W", 341, &[0]),
        ("W", 613, &[0, 1996, 2_534_040]),
        ("F", 10, &[0]),
        (
            "D",
            10,
            &[2_534_022, 2_018_278, 2_018_276, 2_534_044, 2_018_108],
        ),
        ("W", 10, &[1_893_063]),
        ("F", 27, &[0]),
        ("W", 80_001, &[0]),
        ("W", 80_002, &[0]),
        ("W", 80_006, &[0]),
        ("W", 80_008, &[0]),
        ("W", 80_009, &[0]),
        ("W", 80_014, &[0]),
        ("W", 80_000, &[0]),
        ("W", 80_003, &[0]),
        ("W", 80_004, &[0]),
        ("W", 80_005, &[0]),
        (
            "F",
            100,
            &[0, 33, 2_534_029, 2_534_122, 2_534_068, 2_018_109, 2_018_047],
        ),
        ("D", 100, &[2_018_001, 2_534_014, 2_534_001]),
        ("S", 100, &[2_534_025]),
        ("A", 102, &[0]),
        ("A", 104, &[0]),
        ("A", 190, &[0, 452, 458, 459, 460, 463, 464, 465, 467, 492]),
        ("F", 200, &[0, 2_534_041]),
        ("A", 200, &[2_534_066]),
        ("D", 200, &[1_545_041]),
        ("F", 271, &[0]),
        ("F", 299, &[0]),
        ("F", 270, &[0]),
        ("W", 368, &[0]),
        ("D", 506, &[0]),
        ("D", 551, &[0]),
        ("D", 1_545_041, &[0]),
        ("W", 2_534_013, &[0]),
        ("S", 10_900, &[0]),
        ("D", 10_903, &[0, 1_893_049]),
        ("F", 10_904, &[0, 1_893_050]),
        ("F", 10_800, &[0]),
        ("F", 10_801, &[0]),
        ("F", 10_803, &[0]),
        ("F", 36_103, &[0]),
        ("W", 130_429, &[0]),
        ("W", 131_056, &[0]),
        ("R", 131_000, &[0]),
        ("R", 131_016, &[0]),
        ("R", 131_052, &[0]),
        ("D", 131_026, &[0]),
        ("D", 131_049, &[0]),
        ("D", 130_472, &[0]),
        ("D", 131_047, &[0]),
        ("F", 131_031, &[0]),
        ("F", 131_042, &[0]),
        ("F", 131_051, &[0]),
        ("F", 131_053, &[0]),
        ("F", 132_000, &[0]),
        ("F", 132_016, &[0]),
        ("R", 987_654, &[0]),
    ];

    #[test]
    fn every_row_of_the_table_says_what_the_reference_says() {
        for (letter, code, subcodes) in CASES {
            for subcode in *subcodes {
                let (advice, _) = advise(*code, Some(*subcode).filter(|s| *s != 0), false);
                let got = match advice {
                    Advice::Retry { .. } => "R",
                    Advice::Wait { .. } => "W",
                    Advice::Reconnect => "A",
                    Advice::Fix => "F",
                    Advice::Drop => "D",
                    Advice::AlreadyDone => "S",
                    Advice::OutcomeUnknown => "U",
                };
                assert_eq!(got, *letter, "{code}/{subcode}");
            }
        }
        for row in TABLE {
            let subcodes = if row.subcodes.is_empty() {
                &[0]
            } else {
                row.subcodes
            };
            let cases = || CASES.iter().filter(|case| case.1 == row.from);
            for subcode in subcodes {
                let shown = cases().any(|case| case.2.contains(subcode));
                assert!(shown, "no case for {}/{subcode}", row.from);
            }
        }
    }

    #[test]
    fn what_meta_calls_transient_is_tried_again() {
        assert!(matches!(advise(100, None, true).0, Advice::Retry { .. }));
        assert!(matches!(advise(4, None, true).0, Advice::Wait { .. }));
        assert_eq!(
            advise(10, Some(2_534_022), true).0,
            Advice::Drop,
            "but not against a subcode"
        );
    }
}
