//! What is known of a customer, and from whom: a message never overwrites what the seller set.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The kinds of contact details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetailKind {
    /// The customer's own name.
    Name,
    /// E.164.
    Phone,
    /// With its domain in lower case.
    Email,
    /// A postal address in the customer's words.
    Address,
}

impl DetailKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Name, Self::Phone, Self::Email, Self::Address];

    /// The word used in tables and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Address => "address",
        }
    }
}

/// Who a detail comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum DetailSource {
    /// Learnt from the customer's message.
    Message {
        /// Meta's id of the message.
        mid: String,
    },
    /// Set or corrected by the seller.
    Seller,
}

/// One detail with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The value in its normal form.
    pub value: String,
    /// Who said so.
    pub source: DetailSource,
    /// When.
    pub at: Timestamp,
}

/// A customer's details.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// See [`DetailKind::Name`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Detail>,
    /// See [`DetailKind::Phone`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Detail>,
    /// See [`DetailKind::Email`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Detail>,
    /// See [`DetailKind::Address`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Detail>,
}

/// What came of a detail that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learnt {
    /// It is the detail now.
    Taken,
    /// It says what was known already.
    Same,
    /// The seller set another one, which stays.
    SellersStays,
}

impl Details {
    /// The detail of a kind.
    #[must_use]
    pub const fn get(&self, kind: DetailKind) -> Option<&Detail> {
        match kind {
            DetailKind::Name => self.name.as_ref(),
            DetailKind::Phone => self.phone.as_ref(),
            DetailKind::Email => self.email.as_ref(),
            DetailKind::Address => self.address.as_ref(),
        }
    }

    fn slot(&mut self, kind: DetailKind) -> &mut Option<Detail> {
        match kind {
            DetailKind::Name => &mut self.name,
            DetailKind::Phone => &mut self.phone,
            DetailKind::Email => &mut self.email,
            DetailKind::Address => &mut self.address,
        }
    }

    /// The value of a kind.
    #[must_use]
    pub fn value(&self, kind: DetailKind) -> Option<&str> {
        self.get(kind).map(|detail| detail.value.as_str())
    }

    /// Takes a detail, unless a message would overwrite the seller's own.
    pub fn learn(&mut self, kind: DetailKind, detail: Detail) -> Learnt {
        let slot = self.slot(kind);
        match slot {
            Some(known) if known.value == detail.value && detail.source != DetailSource::Seller => {
                Learnt::Same
            }
            Some(known)
                if known.source == DetailSource::Seller
                    && detail.source != DetailSource::Seller =>
            {
                Learnt::SellersStays
            }
            _ => {
                *slot = Some(detail);
                Learnt::Taken
            }
        }
    }

    /// Forgets the details that came from a message which was deleted; returns which.
    pub fn withdraw(&mut self, mid: &str) -> Vec<DetailKind> {
        DetailKind::ALL
            .into_iter()
            .filter(|kind| {
                let slot = self.slot(*kind);
                let from_it = matches!(
                    slot,
                    Some(Detail { source: DetailSource::Message { mid: m }, .. }) if m == mid
                );
                if from_it {
                    *slot = None;
                }
                from_it
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Detail, DetailKind, DetailSource, Details, Learnt};
    use crate::Timestamp;

    fn said(value: &str, mid: &str) -> Detail {
        Detail {
            value: value.to_owned(),
            source: DetailSource::Message {
                mid: mid.to_owned(),
            },
            at: Timestamp(1),
        }
    }

    #[test]
    fn a_message_never_overwrites_what_the_seller_set() {
        let mut details = Details::default();
        let phone = DetailKind::Phone;
        assert_eq!(details.learn(phone, said("+94771", "m1")), Learnt::Taken);
        assert_eq!(details.learn(phone, said("+94772", "m2")), Learnt::Taken);
        let sellers = Detail {
            source: DetailSource::Seller,
            ..said("+94773", "")
        };
        assert_eq!(details.learn(phone, sellers), Learnt::Taken);
        assert_eq!(
            details.learn(phone, said("+94772", "m3")),
            Learnt::SellersStays
        );
        assert_eq!(details.value(phone), Some("+94773"));
        assert_eq!(details.withdraw("m2"), []);
    }
}
