//! What a sync run decides, as pure functions: what an item needs, how items are packed into
//! batches, what an answer of Meta means for each of them.

use std::collections::{BTreeMap, BTreeSet};

use super::item::{ItemState, Need, SyncItem};

/// Requests of one `items_batch` call. Meta takes 5,000 and recommends fewer than 3,000
/// (items_batch reference).
pub const BATCH_ITEMS_MAX: usize = 3_000;

/// Bytes of one `items_batch` body: Meta's limit is 28 MB; a tenth is left for the envelope.
pub const BATCH_BYTES_MAX: usize = 25_000_000;

/// What an item needs, from what is recorded of it.
///
/// `content` is what the product is now (`None`: it is gone), `accepted` what Meta took last,
/// `sent` what was sent last and refused or not yet settled. Something refused is not sent again
/// until it changes.
#[must_use]
pub fn need(item: &SyncItem) -> Need {
    match (&item.content, item.state) {
        (_, ItemState::Foreign | ItemState::Deleted | ItemState::Sent | ItemState::Deleting) => {
            Need::Nothing
        }
        (None, _) if item.accepted.is_none() && item.sent.is_none() => Need::Forget,
        (None, _) => Need::Delete,
        (Some(_), ItemState::HeldBack) => Need::Nothing,
        (Some(content), _) if item.accepted.as_ref() == Some(content) => Need::Nothing,
        (Some(content), ItemState::Rejected) if item.sent.as_ref() == Some(content) => {
            Need::Nothing
        }
        (Some(_), _) => Need::Upsert,
    }
}

/// How many of `sizes` (bytes of each request), from the front, fit one batch. At least one, so
/// that a giant cannot stop a run: Meta's own answer to it is recorded like any other.
#[must_use]
pub fn fitting(sizes: impl IntoIterator<Item = usize>) -> usize {
    let mut bytes = 0;
    let mut count = 0;
    for size in sizes {
        bytes += size;
        if count > 0 && (bytes > BATCH_BYTES_MAX || count == BATCH_ITEMS_MAX) {
            break;
        }
        count += 1;
    }
    count
}

/// What Meta said of a batch as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchAnswer {
    /// Taken for processing under this handle.
    Handle(String),
    /// Nothing was taken (empty `handles`); the items' own errors say why.
    Nothing,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Meta holds what was sent.
    Accepted,
    /// Meta refused it, with its messages.
    Rejected(Vec<String>),
    /// It is not known; it is sent again.
    Unknown,
}

/// Fates right after `items_batch` was answered: an item with errors is refused whatever happens
/// to the rest; without a handle nothing was taken, so an item without errors is unknown.
#[must_use]
pub fn fates_on_answer(
    sent: &[String],
    answer: &BatchAnswer,
    errors: &BTreeMap<String, Vec<String>>,
) -> BTreeMap<String, Fate> {
    sent.iter()
        .filter_map(|id| match (errors.get(id), answer) {
            (Some(messages), _) => Some((id.clone(), Fate::Rejected(messages.clone()))),
            (None, BatchAnswer::Nothing) => Some((id.clone(), Fate::Unknown)),
            (None, BatchAnswer::Handle(_)) => None,
        })
        .collect()
}

/// Fates once a handle is `finished`. `invalid` are Meta's `ids_of_invalid_requests`; `errors` its
/// lines by item. When Meta counts more errors than it names items (`errors_total`), the unnamed
/// cannot be told from the good: those are unknown and are read back from the catalogue.
#[must_use]
pub fn fates_on_finish(
    awaiting: &[String],
    invalid: &BTreeSet<String>,
    errors: &BTreeMap<String, Vec<String>>,
    errors_total: usize,
) -> BTreeMap<String, Fate> {
    let named = awaiting
        .iter()
        .filter(|id| invalid.contains(*id) || errors.contains_key(*id))
        .count();
    // Meta's list of invalid requests is whole; its error lines are a sample.
    let all_named = !invalid.is_empty() || named >= errors_total;
    awaiting
        .iter()
        .map(|id| {
            let fate = if invalid.contains(id) || errors.contains_key(id) {
                let messages = errors
                    .get(id)
                    .cloned()
                    .unwrap_or_else(|| vec!["Meta refused the item without saying why".to_owned()]);
                Fate::Rejected(messages)
            } else if all_named {
                Fate::Accepted
            } else {
                Fate::Unknown
            };
            (id.clone(), fate)
        })
        .collect()
}

/// One item of Meta's own listing of a catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Meta's id of it.
    pub external_id: String,
    /// `review_status`, lower-cased; empty: not reviewed.
    pub review: String,
    /// `review_rejection_reasons`, errors and image problems, as texts.
    pub messages: Vec<String>,
    /// Whether the picture could not be fetched.
    pub image_failed: bool,
    /// The [`fingerprint`] of what Meta holds; `None`: Meta does not give it.
    pub fingerprint: Option<u32>,
}

/// A number that stands for an item's content. It is sent with the item and read back, so that
/// what Meta holds can be told from what it was sent: "finished" is not proof.
#[must_use]
pub fn fingerprint(content: &[u8]) -> u32 {
    content
        .iter()
        .take(4)
        .fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

/// What a listing says about one item against what is recorded of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// As recorded; its review may have moved on.
    Same(ItemState),
    /// Recorded as accepted, not listed: send it again.
    Missing,
    /// Recorded as accepted, but Meta holds another content: send it again.
    Outdated,
    /// Deleted here, still listed: delete it again.
    Ghost,
    /// Never ours: left alone and shown.
    Foreign,
    /// Gone on both sides.
    Gone,
}

/// Compares one item with the listing.
#[must_use]
pub fn drift(recorded: Option<&SyncItem>, listed: Option<&Listed>) -> Drift {
    match (recorded, listed) {
        (None, None) => Drift::Gone,
        (None, Some(_)) => Drift::Foreign,
        (Some(item), Some(listed)) => match item.state {
            ItemState::Deleted => Drift::Ghost,
            ItemState::Foreign => Drift::Foreign,
            // What waits, was refused or is held back keeps its own state: the listing shows an
            // older content of it.
            state if item.accepted.is_none() || item.accepted != item.content => Drift::Same(state),
            _ if is_outdated(item, listed) => Drift::Outdated,
            _ => Drift::Same(state_of_review(listed)),
        },
        (Some(item), None) => match item.state {
            ItemState::Foreign | ItemState::Deleted => Drift::Gone,
            ItemState::Sent | ItemState::Deleting => Drift::Same(item.state),
            state if item.accepted.is_none() => Drift::Same(state),
            _ => Drift::Missing,
        },
    }
}

fn is_outdated(item: &SyncItem, listed: &Listed) -> bool {
    match (&item.accepted, listed.fingerprint) {
        (Some(accepted), Some(held)) => held != fingerprint(accepted),
        _ => false,
    }
}

/// The state that a listing's review gives an accepted item. Accepted by the API is not visible:
/// those are different things on the screen.
#[must_use]
pub fn state_of_review(listed: &Listed) -> ItemState {
    match listed.review.as_str() {
        "approved" if listed.image_failed => ItemState::Accepted,
        "approved" => ItemState::Visible,
        "rejected" => ItemState::ReviewRejected,
        "pending" | "outdated" => ItemState::UnderReview,
        _ => ItemState::Accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(
        content: Option<u8>,
        sent: Option<u8>,
        accepted: Option<u8>,
        state: ItemState,
    ) -> SyncItem {
        let hash = |b: Option<u8>| b.map(|b| vec![b; 32]);
        SyncItem {
            retailer_id: "a".to_owned(),
            group_id: None,
            content: hash(content),
            sent: hash(sent),
            accepted: hash(accepted),
            external_id: None,
            state,
            messages: Vec::new(),
        }
    }

    #[test]
    fn an_item_is_sent_only_when_something_new_can_come_of_it() {
        use ItemState::*;
        for (content, sent, accepted, state, expected) in [
            (Some(1), None, None, Pending, Need::Upsert),
            (Some(1), Some(1), Some(1), Accepted, Need::Nothing),
            (Some(2), Some(1), Some(1), Visible, Need::Upsert),
            (Some(1), Some(1), None, Rejected, Need::Nothing),
            (Some(2), Some(1), None, Rejected, Need::Upsert),
            (Some(1), Some(1), None, Sent, Need::Nothing),
            (Some(1), None, None, HeldBack, Need::Nothing),
            (None, Some(1), Some(1), Accepted, Need::Delete),
            (None, None, None, Pending, Need::Forget),
            (None, Some(1), None, Rejected, Need::Delete),
            (None, None, None, Foreign, Need::Nothing),
            (None, None, None, Deleted, Need::Nothing),
        ] {
            let item = item(content, sent, accepted, state);
            assert_eq!(need(&item), expected, "{item:?}");
        }
    }

    #[test]
    fn batches_keep_both_limits_and_never_stall() {
        assert_eq!(fitting(std::iter::repeat_n(100, 10_000)), BATCH_ITEMS_MAX);
        assert_eq!(fitting([BATCH_BYTES_MAX / 2, BATCH_BYTES_MAX / 2, 1]), 2);
        assert_eq!(fitting([BATCH_BYTES_MAX * 2, 1]), 1);
        assert_eq!(fitting([]), 0);
    }

    #[test]
    fn nothing_is_called_accepted_on_a_guess() {
        let ids = ["a".to_owned(), "b".to_owned()];
        let errors = BTreeMap::from([("a".to_owned(), vec!["no price".to_owned()])]);
        let on_answer = fates_on_answer(&ids, &BatchAnswer::Nothing, &errors);
        assert_eq!(on_answer["a"], Fate::Rejected(vec!["no price".to_owned()]));
        assert_eq!(on_answer["b"], Fate::Unknown);
        assert!(
            !fates_on_answer(&ids, &BatchAnswer::Handle("h".into()), &errors).contains_key("b")
        );
        let finished = fates_on_finish(&ids, &BTreeSet::from(["b".to_owned()]), &errors, 2);
        assert!(matches!(&finished["b"], Fate::Rejected(m) if m[0].contains("without saying why")));
        let unnamed = fates_on_finish(&ids, &BTreeSet::new(), &BTreeMap::new(), 1);
        assert_eq!(unnamed["a"], Fate::Unknown);
        let clean = fates_on_finish(&ids, &BTreeSet::new(), &BTreeMap::new(), 0);
        assert_eq!(clean["a"], Fate::Accepted);
    }

    #[test]
    fn a_listing_finds_ghosts_missing_and_foreign_items() {
        use ItemState::*;
        let listed = Listed {
            review: "approved".to_owned(),
            ..Listed::default()
        };
        let accepted = item(Some(1), Some(1), Some(1), Accepted);
        assert_eq!(drift(None, Some(&listed)), Drift::Foreign);
        assert_eq!(
            drift(Some(&item(None, None, None, Deleted)), Some(&listed)),
            Drift::Ghost
        );
        assert_eq!(drift(Some(&accepted), None), Drift::Missing);
        assert_eq!(drift(Some(&accepted), Some(&listed)), Drift::Same(Visible));
        let held = |fingerprint| Listed {
            fingerprint: Some(fingerprint),
            ..listed.clone()
        };
        let own = fingerprint(&[1; 32]);
        assert_eq!(
            drift(Some(&accepted), Some(&held(own))),
            Drift::Same(Visible)
        );
        assert_eq!(
            drift(Some(&accepted), Some(&held(own + 1))),
            Drift::Outdated
        );
        assert_eq!(
            drift(
                Some(&item(Some(2), Some(1), Some(1), Pending)),
                Some(&listed)
            ),
            Drift::Same(Pending)
        );
        assert_eq!(
            drift(Some(&item(None, None, None, Foreign)), None),
            Drift::Gone
        );
    }
}
