//! What a message tells of its writer: language and contact details.

use super::ask::Ask;
use super::decision::{DetailChange, Notice};
use super::turn::Turn;
use crate::Timestamp;
use crate::customer::{Detail, DetailKind, DetailSource, Learnt};
use crate::reading::{Contact, Found, Reading, Span};

impl Turn<'_> {
    /// What the message was read as, for the conversation's page.
    pub(super) fn annotate(&mut self, reading: &Reading) {
        self.message.intent = Some(reading.intent);
        self.message.confidence = Some(reading.confidence);
        self.message.language = Some(reading.language.clone());
        self.message.doubts.clone_from(&reading.doubts);
    }

    /// The customer's language. Short words like "ok" say nothing of a language that is known already.
    pub(super) fn learn_language(&mut self, text: &str, reading: &Reading) {
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let known = self.state.language.as_deref();
        let enough = match (known, reading.language.as_str()) {
            // "hi" and "ok" are said in every language.
            (None, "en") => letters >= 8,
            (None, _) => letters >= 2,
            (Some(_), "en") => letters >= 16,
            (Some(_), _) => letters >= 6,
        };
        if enough {
            let country = self.world.seller.country.as_str();
            let language = settled(&reading.language, known, country).to_owned();
            self.state.language = Some(language);
            // One letter of another script is enough: product names are Latin in every language.
            self.state.romanized = !text.chars().any(|c| c.is_alphabetic() && c > '\u{24f}');
        }
    }

    /// The answer to "your address?" that does not look like one by itself: a house number first,
    /// then words. The read-back shows it to the customer. `true`: it was taken.
    pub(super) fn learn_asked_address(&mut self, text: &str, mid: &str, at: Timestamp) -> bool {
        let asked = self.state.asked.as_ref().map(|a| &a.what);
        let alone =
            matches!(asked, Some(Ask::Details { kinds }) if kinds[..] == [DetailKind::Address]);
        let text = text.trim();
        let looks_so = text.starts_with(|c: char| c.is_numeric())
            && text.split_whitespace().count() >= 3
            && text.chars().filter(|c| c.is_alphabetic()).count() >= 5
            && !text.contains(['?', '？', '؟'])
            && text.len() <= 300;
        if !(alone && looks_so) {
            return false;
        }
        let address = Found {
            value: text.to_owned(),
            span: Span {
                start: 0,
                end: text.len() as u32,
            },
        };
        let contact = Contact {
            address: Some(address),
            ..Contact::default()
        };
        self.learn_contact(&contact, mid, at)
    }

    /// `true`: something new was learnt.
    pub(super) fn learn_contact(&mut self, contact: &Contact, mid: &str, at: Timestamp) -> bool {
        let found = [
            (DetailKind::Name, &contact.name),
            (DetailKind::Phone, &contact.phone),
            (DetailKind::Email, &contact.email),
            (DetailKind::Address, &contact.address),
        ];
        let mut any = false;
        for (kind, found) in found {
            let Some(found) = found else { continue };
            let detail = Detail {
                value: found.value.clone(),
                source: DetailSource::Message {
                    mid: mid.to_owned(),
                },
                at,
            };
            match self.state.details.learn(kind, detail.clone()) {
                Learnt::Taken => {
                    any = true;
                    self.details.push(DetailChange {
                        kind,
                        detail: Some(detail),
                    });
                }
                Learnt::Same => {}
                Learnt::SellersStays => self.notify(Notice::DetailDiffers {
                    kind,
                    said: detail.value,
                }),
            }
        }
        any
    }
}

/// Indonesian and Malay share most words of an order, as do spoken Urdu and Hindi: the one that is
/// known stays, else the country decides.
fn settled<'t>(read: &'t str, known: Option<&str>, country: &str) -> &'t str {
    let (twin, home) = match read {
        "ms" => ("id", &["ID"][..]),
        "id" => ("ms", &["MY", "SG", "BN"][..]),
        "hi" => ("ur", &["PK"][..]),
        "ur" => ("hi", &["IN"][..]),
        _ => return read,
    };
    let twin_known = known == Some(twin);
    let read_known = known == Some(read);
    if twin_known || (!read_known && home.contains(&country)) {
        twin
    } else {
        read
    }
}

#[cfg(test)]
mod tests {
    use super::settled;

    #[test]
    fn close_languages_are_told_apart_by_what_is_known_and_by_country() {
        for (read, known, country, want) in [
            ("ms", None, "ID", "id"),
            ("ms", None, "MY", "ms"),
            ("ms", Some("id"), "MY", "id"),
            ("id", Some("id"), "MY", "id"),
            ("hi", None, "PK", "ur"),
            ("hi", Some("hi"), "PK", "hi"),
            ("es", Some("pt"), "BR", "es"),
        ] {
            assert_eq!(
                settled(read, known, country),
                want,
                "{read} {known:?} {country}"
            );
        }
    }
}
