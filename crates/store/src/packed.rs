//! Texts that are large and written with every message, made small: a conversation's state and a draft
//! order name the same message ids over and over. Fewer pages are written, and rows seldom outgrow one.

use std::ops::Deref;

use sqlx::error::BoxDynError;

use crate::column::Column;

/// A text that is stored packed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packed(pub String);

impl Deref for Packed {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// As an LZ4 block, its length in front.
pub(crate) fn pack(text: &str) -> Vec<u8> {
    lz4_flex::block::compress_prepend_size(text.as_bytes())
}

impl Column for Packed {
    type Raw = Vec<u8>;

    fn from_raw(raw: Vec<u8>) -> Result<Self, BoxDynError> {
        let text = lz4_flex::block::decompress_size_prepended(&raw)?;
        Ok(Self(String::from_utf8(text)?))
    }
}

impl Column for domain::draft::DraftOrder {
    type Raw = Vec<u8>;

    fn from_raw(raw: Vec<u8>) -> Result<Self, BoxDynError> {
        Ok(serde_json::from_str(&Packed::from_raw(raw)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Packed, pack};
    use crate::column::Column as _;

    #[test]
    fn what_is_packed_comes_back() {
        let mid = "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQx".repeat(4);
        let long = format!(r#"{{"mids":["{mid}","{mid}"],"by":"{mid}","text":"दो कुर्ती"}}"#);
        for text in ["", "{}", &long] {
            assert_eq!(&*Packed::from_raw(pack(text)).unwrap(), text);
        }
        assert!(pack(&long).len() < long.len() / 4);
        assert!(Packed::from_raw(b"\x08\0\0\0{}".to_vec()).is_err());
    }
}
