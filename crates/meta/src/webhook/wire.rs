//! Leaf types of Meta's JSON, read leniently: ids come as numbers or strings, times as seconds or
//! milliseconds, flags as words.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;

/// A text or an id: a string, or a number or boolean taken as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0.into_owned()
    }

    /// As an integer; `None` when it is none.
    pub fn number(&self) -> Option<i64> {
        let text = self.0.trim();
        text.parse().ok().or_else(|| {
            let float: f64 = text.parse().ok()?;
            (float.is_finite() && float.abs() < 9e15).then_some(float as i64)
        })
    }

    /// As a point in time in milliseconds since 1970. Meta writes seconds in some places and
    /// milliseconds in others; anything under 1e11 can only be seconds (1e11 ms is 1973).
    pub fn millis(&self) -> Option<i64> {
        let number = self.number().filter(|n| *n > 0)?;
        if number < 100_000_000_000 {
            number.checked_mul(1000)
        } else {
            Some(number)
        }
    }

    fn owned(value: impl ToString) -> Self {
        Self(Cow::Owned(value.to_string()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                // Only an escape can bring in NUL, and PostgreSQL takes no text that holds it.
                Ok(Text(Cow::Owned(text.replace('\0', "\u{fffd}"))))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Text<'de>, E> {
                Ok(Text::owned(number))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Text<'de>, E> {
                Ok(Text::owned(number))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Text<'de>, E> {
                Ok(Text::owned(number))
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Text<'de>, E> {
                Ok(Text::owned(flag))
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

/// A flag: `true`, `"true"` or 1. Anything else that is no object is `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<Text<'_>>::deserialize(deserializer)?;
        Ok(Self(
            text.is_some_and(|t| matches!(t.as_str(), "true" | "1")),
        ))
    }
}

/// Reads a part that must not cost the whole when it has an unexpected shape. A list is never
/// what a part is, although serde would take one for an object's fields in their order.
pub(crate) fn part<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    let text = raw?.get();
    if text.starts_with('[') {
        None
    } else {
        serde_json::from_str(text).ok()
    }
}

/// Reads an object.
pub(crate) fn parse_object<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<T> {
    if text.starts_with('{') {
        serde_json::from_str(text)
    } else {
        Err(serde::de::Error::custom("not an object"))
    }
}

/// Reads a list element by element; those with an unexpected shape are left out. A single object
/// counts as a list of one.
pub(crate) fn list<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Vec<T> {
    let Some(raw) = raw else { return Vec::new() };
    match serde_json::from_str::<Vec<&'a RawValue>>(raw.get()) {
        Ok(elements) => elements.into_iter().filter_map(|e| part(Some(e))).collect(),
        Err(_) => part(Some(raw)).into_iter().collect(),
    }
}

/// A text, `None` when empty.
pub(crate) fn filled(text: Option<Text<'_>>) -> Option<String> {
    text.map(Text::into_string).filter(|t| !t.is_empty())
}

/// For owned types: an optional text or number as a string, `None` when empty or of another shape.
pub(crate) fn loose<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
    Ok(filled(part::<Text<'_>>(raw.as_deref())))
}

/// For owned types: an optional secret.
pub(crate) fn loose_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<secrecy::SecretString>, D::Error> {
    Ok(loose(deserializer)?.map(Into::into))
}

/// For owned types: an optional number, quoted or not.
pub(crate) fn loose_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
    Ok(part::<Text<'_>>(raw.as_deref()).and_then(|text| text.number()))
}

/// For owned types: a list whose unreadable elements are left out; `[]` for anything else.
pub(crate) fn loose_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
    Ok(list::<T>(raw.as_deref()))
}

/// A number as decimal text exactly as Meta wrote it, quoted or not.
pub(crate) fn decimal(raw: Option<&RawValue>) -> Option<String> {
    let text = raw?.get().trim_matches('"');
    let numeric = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E');
    (!text.is_empty() && text.bytes().all(numeric)).then(|| text.to_owned())
}

/// Replaces halves of surrogate pairs (`\ud83d` alone, as a cut-off emoji leaves behind) by
/// U+FFFD, so that the rest of the item can be read. `None` when there is nothing to repair.
pub(crate) fn repair_surrogates(json: &str) -> Option<String> {
    let bytes = json.as_bytes();
    let unit = |at: usize| -> Option<u16> {
        let escape = bytes.get(at..at + 6)?;
        let digits = std::str::from_utf8(escape.strip_prefix(br"\u")?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at += 12,
            (Some(0xD800..=0xDFFF), _) => {
                out.push_str(&json[copied..at]);
                out.push_str(r"\ufffd");
                at += 6;
                copied = at;
            }
            _ => at += 2,
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&json[copied..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_strings_read_alike() {
        for (json, text) in [
            (r#""17""#, "17"),
            ("17", "17"),
            ("17841400000000001", "17841400000000001"),
            ("-3", "-3"),
            (r#""a\u00e9""#, "aé"),
            ("true", "true"),
        ] {
            assert_eq!(
                serde_json::from_str::<Text<'_>>(json).unwrap().as_str(),
                text
            );
        }
        assert!(serde_json::from_str::<Text<'_>>("{}").is_err());
    }

    #[test]
    fn seconds_and_milliseconds_are_told_apart() {
        let at = |json: &str| serde_json::from_str::<Text<'_>>(json).unwrap().millis();
        assert_eq!(at("1793000000"), Some(1_793_000_000_000));
        assert_eq!(at("1793000000123"), Some(1_793_000_000_123));
        assert_eq!(at(r#""1527459824""#), Some(1_527_459_824_000));
        assert_eq!(at("1.793e12"), Some(1_793_000_000_000));
        assert_eq!(at(r#""soon""#), None);
        assert_eq!(at("0"), None);
    }

    #[test]
    fn half_an_emoji_does_not_cost_the_rest() {
        let cases = [
            (r#""ok \ud83d\ude00""#, None),
            (r#""cut \ud83d""#, Some(r#""cut \ufffd""#)),
            (r#""\ude00\ud83dx""#, Some(r#""\ufffd\ufffdx""#)),
            (r#""a \\ud83d is text""#, None),
        ];
        for (json, repaired) in cases {
            assert_eq!(repair_surrogates(json).as_deref(), repaired, "{json}");
            let text = repaired.unwrap_or(json);
            assert!(serde_json::from_str::<Text<'_>>(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn prices_keep_every_digit() {
        let raw = |json: &str| RawValue::from_string(json.into()).unwrap();
        assert_eq!(decimal(Some(&raw("9.99"))).as_deref(), Some("9.99"));
        assert_eq!(decimal(Some(&raw("\"10.50\""))).as_deref(), Some("10.50"));
        assert_eq!(decimal(Some(&raw("{}"))), None);
    }
}
