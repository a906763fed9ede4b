//! How long a text may be, and where it is cut.

use crate::graph::Channel;

/// The longest text of one message.
///
/// Instagram counts bytes of UTF-8 (one page of Meta's says characters: bytes are safe under both
/// readings). Messenger and WhatsApp say characters without saying which; UTF-16 units are counted,
/// which are never fewer.
pub const fn text_max(channel: Channel) -> usize {
    match channel {
        Channel::Instagram => 1_000,
        Channel::Messenger => 2_000,
        Channel::Whatsapp => 4_096,
    }
}

/// Cuts a text to so many UTF-16 units, the last of them `…`.
pub(super) fn cut(text: &str, max: usize) -> String {
    if text.encode_utf16().count() <= max {
        return text.to_owned();
    }
    let end = prefix_end(text, max - 1, char::len_utf16);
    format!("{}…", text[..end].trim_end())
}

pub(super) fn measure(channel: Channel) -> fn(char) -> usize {
    match channel {
        Channel::Instagram => char::len_utf8,
        Channel::Messenger | Channel::Whatsapp => char::len_utf16,
    }
}

/// Splits a text into messages that the channel takes: at the end of a line, else of a word, else
/// wherever it must. Blank pieces are left out.
pub fn split_text(text: &str, channel: Channel) -> Vec<String> {
    split_at(text, text_max(channel), measure(channel))
}

pub(super) fn split_at(text: &str, max: usize, measure: fn(char) -> usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let fits = prefix_end(rest, max, measure);
        let end = if fits == rest.len() {
            fits
        } else {
            break_at(rest, fits)
        };
        pieces.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    pieces
}

/// Where a piece that must end by `fits` ends: after a line that fills at least half of it, else
/// after a word that does, else at `fits`.
fn break_at(text: &str, fits: usize) -> usize {
    // One character more: a word that ends exactly at the limit is whole.
    let next = text[fits..]
        .chars()
        .next()
        .map_or(fits, |c| fits + c.len_utf8());
    let head = &text[..next];
    let late = |at: &usize| *at >= fits / 2;
    head.rfind('\n')
        .filter(late)
        .or_else(|| head.rfind(char::is_whitespace).filter(late))
        .unwrap_or(fits)
}

/// The end, in bytes, of the longest prefix that measures at most `max`; at least one character.
fn prefix_end(text: &str, max: usize, measure: fn(char) -> usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += measure(c);
        if used > max && at > 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHANNELS: [Channel; 3] = [Channel::Instagram, Channel::Messenger, Channel::Whatsapp];

    fn length(text: &str, channel: Channel) -> usize {
        text.chars().map(measure(channel)).sum()
    }

    proptest! {
        #[test]
        fn pieces_fit_and_lose_no_word(
            text in "[a-zé \n😀আ]{0,3000}",
            channel in prop::sample::select(&CHANNELS[..]),
        ) {
            let pieces = split_text(&text, channel);
            for piece in &pieces {
                prop_assert!(!piece.trim().is_empty());
                prop_assert!(length(piece, channel) <= text_max(channel));
            }
            let bare = |t: &str| t.split_whitespace().collect::<String>();
            prop_assert_eq!(bare(&pieces.concat()), bare(&text));
        }
    }

    #[test]
    fn a_text_is_cut_between_words() {
        let text = format!("{} {}", "a".repeat(990), "b".repeat(20));
        let pieces = split_text(&text, Channel::Instagram);
        assert_eq!(
            pieces.iter().map(String::len).collect::<Vec<_>>(),
            [990, 20]
        );
        let exact = format!("{} b", "a".repeat(1000));
        assert_eq!(split_text(&exact, Channel::Instagram)[0].len(), 1000);
        let emoji = "😀".repeat(300);
        let pieces = split_text(&emoji, Channel::Instagram);
        assert_eq!(
            pieces.iter().map(String::len).collect::<Vec<_>>(),
            [1000, 200]
        );
        assert_eq!(split_text(" \n ", Channel::Instagram), Vec::<String>::new());
    }
}
