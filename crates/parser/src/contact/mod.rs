//! Contact details in a message: telephone number, e-mail address, the customer's name, postal
//! address, each with its place in the text. Of several of one kind the last is meant, as people
//! correct themselves. What is not certain is not given.
//!
//! The words to go by are in the `[contact]` part of the language files.

mod address;
mod email;
mod name;
mod phone;
mod segment;
mod text;
mod words;

use domain::reading::{Contact, Found, Span};

use text::Text;

/// Tells words of an order from words of a name or an address: whether a folded word belongs to
/// the catalogue or to talk of orders. With `true` every word of every language counts, as for
/// names in lower case.
pub type Known<'a> = dyn Fn(&str, bool) -> bool + 'a;

/// Finds the contact details of a message. `country` is the seller's (ISO 3166-1 alpha-2): local
/// telephone numbers are read as numbers of that country, and not at all without it.
#[must_use]
pub fn find(text: &str, country: Option<&str>) -> Contact {
    find_among(text, country, &|_, _| false)
}

/// [`find`], by someone who knows the words of the catalogue: "Ring Light 0917..." is then not
/// the name of a customer.
#[must_use]
pub fn find_among(message: &str, country: Option<&str>, known: &Known<'_>) -> Contact {
    let mut text = Text::new(message);
    let emails = email::find_all(message);
    for email in &emails {
        text.take(email.span.start as usize, email.span.end as usize);
    }
    let linked = take_links(&mut text);
    let mut phones = phone::find_all(&mut text, country);
    phones.extend(linked);
    phones.sort_by_key(|p| p.span);

    let cued = name::cued(&text, known);
    if let Some(name) = &cued {
        text.take(name.span.start as usize, name.span.end as usize);
    }
    let address = address::find(&text, known);
    let name = cued.or_else(|| {
        let around = name::Around {
            phones: &phones,
            emails: &emails,
            address: address.as_ref().map(|a| a.span),
        };
        name::beside(&text, &around, known)
    });
    Contact {
        phone: phones.pop(),
        email: emails.into_iter().next_back(),
        name,
        address,
    }
}

/// A name that is all there is of a message ("Rhea Gomez"), as customers answer piece by piece.
/// Only for one who has asked for it or expects it: a product's title looks the same.
#[must_use]
pub fn bare_name(message: &str, known: &Known<'_>) -> Option<Found<String>> {
    name::bare(&Text::new(message), known)
}

/// Marks links as taken, so that their digits are no numbers; a link to a chat carries one.
fn take_links(text: &mut Text<'_>) -> Vec<Found<String>> {
    const STARTS: [&str; 7] = [
        "http://",
        "https://",
        "www.",
        "wa.me/",
        "api.whatsapp.com",
        "t.me/",
        "instagram.com/",
    ];
    let mut found = Vec::new();
    let mut from = 0;
    for word in text.raw.split_whitespace() {
        let start = from + text.raw[from..].find(word).unwrap_or(0);
        from = start + word.len();
        if !word.contains(['.', '/']) {
            continue;
        }
        let lower = word.to_ascii_lowercase();
        let Some(at) = STARTS.iter().filter_map(|s| lower.find(s)).min() else {
            continue;
        };
        if let Some(value) = phone::in_link(&word[at..]) {
            found.push(Found {
                value,
                span: Span {
                    start: (start + at) as u32,
                    end: from as u32,
                },
            });
        }
        text.take(start + at, from);
    }
    found
}

#[cfg(test)]
mod tests;
