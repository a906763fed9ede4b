//! How variants are told apart at Meta: fields of their own for some attributes, one text for the
//! others; and texts made to fit.

use std::collections::BTreeMap;

use super::Variant;

/// Meta's variant attributes that have a field of their own (commerce-platform/catalog/fields).
pub const VARIANT_FIELDS: [&str; 6] = [
    "color",
    "size",
    "material",
    "pattern",
    "gender",
    "age_group",
];
/// Meta shows at most so many attributes that tell variants apart.
pub const VARIANT_ATTRIBUTES_MAX: usize = 4;
pub(super) type Attributes = (BTreeMap<&'static str, String>, Option<String>);

/// The variant's values: into Meta's own fields where there is one, else into the additional
/// attribute; four in all.
pub(super) fn attributes_of(variant: &Variant) -> Attributes {
    let mut own = BTreeMap::new();
    let mut more = Vec::new();
    for (name, value) in variant.values.iter().take(VARIANT_ATTRIBUTES_MAX) {
        match own_field(name) {
            Some(field) if !own.contains_key(field) => {
                own.insert(field, cut(value, 100));
            }
            _ => more.push(format!("{}:{}", plain(name), plain(value))),
        }
    }
    (own, (!more.is_empty()).then(|| more.join(",")))
}

fn own_field(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase().replace([' ', '-'], "_");
    let name = match name.as_str() {
        "colour" => "color",
        other => other,
    };
    VARIANT_FIELDS.into_iter().find(|field| *field == name)
}

/// Without the separators that the additional attribute uses.
fn plain(text: &str) -> String {
    collapse(&text.replace([',', ':'], " "))
}

pub(super) fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn cut(text: &str, chars_max: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some((end, _)) => text[..end].trim_end().to_owned(),
    }
}
