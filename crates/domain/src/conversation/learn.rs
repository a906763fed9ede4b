//! What a message tells of its writer: language and contact details.

use super::decision::{DetailChange, Notice};
use super::turn::Turn;
use crate::Timestamp;
use crate::customer::{Detail, DetailKind, DetailSource, Learnt};
use crate::reading::{Contact, Reading};

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
            let latin = text.chars().filter(char::is_ascii_alphabetic).count();
            self.state.language = Some(reading.language.clone());
            self.state.romanized = latin * 2 > letters;
        }
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
