//! E-mail addresses: as they are written, and as people spell them when they are unmistakable
//! ("dilani @ gmail . com", "dilani at gmail dot com").

use domain::reading::{Found, Span};

/// Mail services whose bare name after "at" or a lost dot leaves no doubt that an address is meant.
const SERVICES: [&str; 14] = [
    "gmail",
    "googlemail",
    "yahoo",
    "ymail",
    "hotmail",
    "outlook",
    "live",
    "icloud",
    "proton",
    "protonmail",
    "rediffmail",
    "aol",
    "mail",
    "zoho",
];

/// Every address of the text, in its order.
pub(super) fn find_all(text: &str) -> Vec<Found<String>> {
    let mut found = Vec::new();
    for (at, c) in text.char_indices() {
        if c == '@' || c == '\u{ff20}' {
            found.extend(around_sign(text, at, at + c.len_utf8()));
        }
    }
    if found.is_empty() {
        found.extend(spelled(text));
    }
    found
}

/// The address around an at sign, with at most one space either side of it and of its dots.
fn around_sign(text: &str, at: usize, after: usize) -> Option<Found<String>> {
    let before = &text[..at];
    let spaced = before.ends_with(' ');
    let local_end = before.trim_end_matches(' ').len();
    if at - local_end > 1 {
        return None;
    }
    let start = text[..local_end]
        .char_indices()
        .rev()
        .take_while(|&(_, c)| is_local(c))
        .last()
        .map(|(i, _)| i)?;
    let local = text[start..local_end].trim_start_matches(['.', '-', '_', '\'', '+']);
    let start = local_end - local.len();
    let local = local.trim_end_matches('.');
    if local.is_empty() || local.len() > 64 {
        return None;
    }
    let (host, end) = host(text, after)?;
    // "come @ home.ok": with spaces around the sign only a mail service is believed.
    let service = host.split('.').next().unwrap_or_default();
    if spaced && !SERVICES.contains(&service) {
        return None;
    }
    Some(address(local, &host, start, end))
}

/// A host name from here on, lower-cased; a space or a comma where a dot belongs is forgiven
/// after the name of a mail service.
fn host(text: &str, from: usize) -> Option<(String, usize)> {
    let rest = &text[from..];
    let lead = rest.len() - rest.trim_start_matches(' ').len();
    if lead > 1 {
        return None;
    }
    let mut host = String::new();
    let mut at = from + lead;
    let mut end = at;
    loop {
        let label: &str = take_label(&text[at..]);
        if label.is_empty() {
            break;
        }
        host.push_str(&label.to_ascii_lowercase());
        at += label.len();
        end = at;
        let Some(dot) = dot_length(&text[at..], lead > 0 || SERVICES.contains(&host.as_str()))
        else {
            break;
        };
        // A trailing full stop ends the sentence, not the host.
        let next = take_label(&text[at + dot..]);
        let spaced = dot > 1;
        if next.is_empty() || (spaced && !is_top(next)) || (spaced && host.contains('.')) {
            break;
        }
        host.push('.');
        at += dot;
    }
    if host == "gmail" {
        host.push_str(".com");
    }
    let (name, top) = host.rsplit_once('.')?;
    let is_name = !name.is_empty()
        && name
            .split('.')
            .all(|l| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-'));
    (is_name && top.len() >= 2 && top.chars().all(|c| c.is_ascii_alphabetic()))
        .then_some((host, end))
}

/// The length of a dot here, with a space beside it if the writer uses spaces; a comma counts for
/// a dot then too.
fn dot_length(rest: &str, lenient: bool) -> Option<usize> {
    if let Some(after) = rest.strip_prefix('.') {
        return Some(if lenient && after.starts_with(' ') {
            2
        } else {
            1
        });
    }
    if !lenient {
        return None;
    }
    if rest.starts_with(" . ") {
        return Some(3);
    }
    [" .", ", ", ","]
        .iter()
        .find(|d| rest.starts_with(**d))
        .map(|d| {
            // "gmail, com": both forms end before a top-level name only.
            d.len()
        })
}

/// Top-level names that may follow a dot with a space beside it.
fn is_top(label: &str) -> bool {
    matches!(
        label.to_ascii_lowercase().as_str(),
        "com"
            | "co"
            | "net"
            | "org"
            | "in"
            | "lk"
            | "ph"
            | "id"
            | "my"
            | "ng"
            | "ke"
            | "br"
            | "uk"
            | "es"
            | "fr"
            | "pt"
            | "mx"
    )
}

fn take_label(text: &str) -> &str {
    let end = text
        .char_indices()
        .find(|&(_, c)| !(c.is_ascii_alphanumeric() || c == '-'))
        .map_or(text.len(), |(i, _)| i);
    &text[..end]
}

fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '.' | '_' | '-' | '+' | '%' | '\'')
        || (c.is_alphabetic() && !c.is_ascii() && c.len_utf8() == 2)
}

/// "dilani dot s at gmail dot com", "dilani(at)gmail.com": only with the name of a mail service.
fn spelled(text: &str) -> Option<Found<String>> {
    if !text
        .as_bytes()
        .windows(2)
        .any(|pair| pair.eq_ignore_ascii_case(b"at"))
    {
        return None;
    }
    let tokens = spelled_tokens(text);
    let sign = tokens.iter().position(|t| t.kind == Spelled::At)?;
    let service = tokens.get(sign + 1).filter(|t| t.kind == Spelled::Text)?;
    if !SERVICES.contains(&service.text.to_ascii_lowercase().as_str()) {
        return None;
    }
    let mut host = service.text.to_ascii_lowercase();
    let mut end = service.end;
    let mut at = sign + 2;
    while let (Some(dot), Some(label)) = (tokens.get(at), tokens.get(at + 1)) {
        if dot.kind != Spelled::Dot || label.kind != Spelled::Text || !is_top(label.text) {
            break;
        }
        host.push('.');
        host.push_str(&label.text.to_ascii_lowercase());
        end = label.end;
        at += 2;
    }
    if !host.contains('.') {
        return None;
    }
    let mut first = sign.checked_sub(1)?;
    if tokens[first].kind != Spelled::Text {
        return None;
    }
    let mut local = tokens[first].text.to_owned();
    while first >= 2
        && tokens[first - 1].kind == Spelled::Dot
        && tokens[first - 2].kind == Spelled::Text
    {
        local = format!("{}.{local}", tokens[first - 2].text);
        first -= 2;
    }
    Some(address(&local, &host, tokens[first].start, end))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelled {
    Text,
    At,
    Dot,
}

#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    kind: Spelled,
    start: usize,
    end: usize,
}

/// Words with "at" and "dot" told apart; brackets around those two are part of them.
fn spelled_tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = None;
    let breaks = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'));
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (breaks(c), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                let word = &text[from..at];
                let kind = match word.to_ascii_lowercase().as_str() {
                    "at" => Spelled::At,
                    "dot" | "punto" | "ponto" | "point" => Spelled::Dot,
                    _ => Spelled::Text,
                };
                tokens.push(Token {
                    text: word,
                    kind,
                    start: from,
                    end: at,
                });
                start = None;
            }
            _ => {}
        }
        if c == '.' && text[at + 1..].starts_with(|c: char| c.is_ascii_alphanumeric()) {
            tokens.push(Token {
                text: ".",
                kind: Spelled::Dot,
                start: at,
                end: at + 1,
            });
        }
    }
    tokens
}

fn address(local: &str, host: &str, start: usize, end: usize) -> Found<String> {
    Found {
        value: format!("{local}@{host}"),
        span: Span {
            start: start as u32,
            end: end as u32,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::find_all;

    #[test]
    fn addresses_are_found_as_people_write_them() {
        for (text, email) in [
            ("bill to ama.perera@gmail.com pls", "ama.perera@gmail.com"),
            ("mail: Ama_K+1@Yahoo.Co.IN.", "Ama_K+1@yahoo.co.in"),
            ("<joao-silva@sapo.pt>", "joao-silva@sapo.pt"),
            ("joy @ gmail.com", "joy@gmail.com"),
            ("joy@gmail .com", "joy@gmail.com"),
            ("joy@gmail. com thanks", "joy@gmail.com"),
            ("joy @ gmail . com", "joy@gmail.com"),
            ("joy@gmail,com", "joy@gmail.com"),
            ("joy@gmail", "joy@gmail.com"),
            ("joy at gmail dot com", "joy@gmail.com"),
            ("joy.k(at)yahoo(dot)co(dot)in", "joy.k@yahoo.co.in"),
            ("write joy dot k at hotmail.com ok", "joy.k@hotmail.com"),
            (
                "correo: maria.lopez@empresa.com.mx!",
                "maria.lopez@empresa.com.mx",
            ),
            ("sales@my-shop.io, thanks", "sales@my-shop.io"),
            ("joy@gmail.com.my number follows", "joy@gmail.com.my"),
        ] {
            let found = find_all(text);
            assert_eq!(
                found.last().map(|f| f.value.as_str()),
                Some(email),
                "{text}"
            );
        }
    }

    #[test]
    fn handles_and_prices_are_not_addresses() {
        for text in [
            "tag @ama.shop pls",
            "2 kurtis @ 1500 each",
            "2@1500.00",
            "meet at home dot ok",
            "come @ home. ok",
            "@gmail.com",
            "see you at mail box",
            "dm @shop.lk",
        ] {
            assert_eq!(find_all(text), [], "{text}");
        }
    }
}
