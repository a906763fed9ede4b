//! The message files: the same sentences and variables in every language, buttons that fit, and a
//! seller's own sentences.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use domain::words::{Key, LANGUAGES, Words};

fn file(language: &str) -> String {
    let path = format!("{}/words/{language}.ftl", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Sentence -> variables, by a reader of its own (one sentence a line).
fn sentences(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut sentences = BTreeMap::new();
    for line in file(language)
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        let (key, pattern) = line
            .split_once(" = ")
            .unwrap_or_else(|| panic!("{language}: {line}"));
        let variables = pattern
            .split("{ $")
            .skip(1)
            .map(|part| part.split(" }").next().unwrap().to_owned())
            .collect();
        let before = sentences.insert(key.to_owned(), variables);
        assert!(before.is_none(), "{language}: {key} twice");
    }
    sentences
}

#[test]
fn every_language_has_the_same_sentences_and_variables() {
    let wanted: BTreeMap<String, BTreeSet<String>> = Key::ALL
        .iter()
        .map(|key| {
            let variables = key.variables().iter().map(|v| (*v).to_owned()).collect();
            (key.as_str().to_owned(), variables)
        })
        .collect();
    for language in LANGUAGES {
        assert_eq!(sentences(language), wanted, "{language}");
    }
}

#[test]
fn every_sentence_is_spoken_in_its_own_language() {
    let words = Words::default();
    for language in LANGUAGES {
        let voice = words.voice(None, false, language);
        assert_eq!(voice.language(), *language);
        for key in Key::ALL {
            let filled: Vec<_> = key.variables().iter().map(|v| (*v, "§7§")).collect();
            let text = voice.say(*key, &filled);
            assert_eq!(
                text.matches("§7§").count() > 0,
                !filled.is_empty(),
                "{language} {key:?}"
            );
            assert!(
                !text.contains('{') && text != key.as_str(),
                "{language} {text}"
            );
        }
    }
    // No file is a copy of the English one.
    let english = file("en");
    for language in &LANGUAGES[1..] {
        let same = file(language)
            .lines()
            .filter(|line| english.contains(*line))
            .count();
        assert!(same < 16, "{language}: {same} lines as in English");
    }
}

#[test]
fn buttons_fit_twenty_characters() {
    let words = Words::default();
    for language in LANGUAGES {
        let voice = words.voice(None, false, language);
        for key in Key::ALL
            .iter()
            .filter(|k| k.as_str().starts_with("button-"))
        {
            let filled: Vec<_> = key.variables().iter().map(|v| (*v, "12")).collect();
            let text = voice.say(*key, &filled);
            assert!(text.chars().count() <= 20, "{language} {key:?}: {text}");
        }
    }
}

#[test]
fn the_voice_falls_back_from_the_customers_language_to_the_sellers_to_english() {
    let words = Words::default();
    let language =
        |customers, romanized, sellers| words.voice(customers, romanized, sellers).language();
    assert_eq!(language(Some("si"), false, "en"), "si");
    assert_eq!(language(Some("si"), true, "en"), "si-Latn");
    assert_eq!(language(Some("ur"), true, "en"), "hi-Latn");
    assert_eq!(language(Some("tl"), true, "en"), "tl");
    assert_eq!(language(Some("xx"), false, "ta"), "ta");
    assert_eq!(language(None, false, "xx"), "en");
}

#[test]
fn a_sellers_own_sentence_goes_first_and_is_checked() {
    let words = Words::with_own([("en", "greet", "Ayubowan! This is { $shop }.")]).unwrap();
    let voice = words.voice(None, false, "en");
    assert_eq!(
        voice.say(Key::Greet, &[("shop", "Potworks")]),
        "Ayubowan! This is Potworks."
    );
    assert_eq!(voice.plain(Key::Total), "Total");
    for (language, key, pattern) in [
        ("xx", "greet", "Hi { $shop }"),
        ("en", "nonsense", "Hi"),
        ("en", "greet", "Hi"),
        ("en", "greet", "Hi { $name } { $shop }"),
        ("en", "greet", "Hi { $shop"),
        ("en", "greet", ""),
        ("en", "total", "Total\nother = x"),
    ] {
        let refused = Words::with_own([(language, key, pattern)]);
        match (refused, pattern.contains("other")) {
            (Err(error), _) => assert!(error.to_string().contains('`'), "{error}"),
            // A second line is a second line of the sentence, never another sentence.
            (Ok(words), true) => {
                let total = words.voice(None, false, "en").plain(Key::Total);
                assert_eq!(total, "Total\nother = x");
            }
            (Ok(_), false) => panic!("{key} = {pattern} was taken"),
        }
    }
}
