//! Every sentence that a customer sees, from Fluent files by language; a seller may put their own.
//!
//! A language's file is read when it is first spoken. Variables are texts: amounts and numbers
//! arrive formatted.

pub mod amount;
mod keys;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

pub use keys::Key;

/// The languages there are sentences for, the fallback first. `-Latn`: in Latin letters.
pub const LANGUAGES: &[&str] = &[
    "en", "hi", "si", "ta", "tl", "id", "ms", "es", "pt", "fr", "ar", "sw", "pcm", "ur", "bn",
    "hi-Latn", "si-Latn", "ta-Latn",
];

const FILES: [&str; 18] = [
    include_str!("../words/en.ftl"),
    include_str!("../words/hi.ftl"),
    include_str!("../words/si.ftl"),
    include_str!("../words/ta.ftl"),
    include_str!("../words/tl.ftl"),
    include_str!("../words/id.ftl"),
    include_str!("../words/ms.ftl"),
    include_str!("../words/es.ftl"),
    include_str!("../words/pt.ftl"),
    include_str!("../words/fr.ftl"),
    include_str!("../words/ar.ftl"),
    include_str!("../words/sw.ftl"),
    include_str!("../words/pcm.ftl"),
    include_str!("../words/ur.ftl"),
    include_str!("../words/bn.ftl"),
    include_str!("../words/hi-Latn.ftl"),
    include_str!("../words/si-Latn.ftl"),
    include_str!("../words/ta-Latn.ftl"),
];

type Bundle = FluentBundle<FluentResource>;

static DEFAULTS: [OnceLock<Bundle>; 18] = [const { OnceLock::new() }; 18];

/// Why a seller's own sentence is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSentence {
    /// Not one of [`LANGUAGES`].
    #[error(
        "there are no sentences in `{0}`; use one of en, hi, si, ta, tl, id, ms, es, pt, fr, ar, sw, pcm, ur, bn"
    )]
    Language(String),
    /// Not one of [`Key::ALL`].
    #[error("`{0}` is no sentence; see the list of sentences")]
    Key(String),
    /// Not a Fluent pattern, or empty, or too long.
    #[error(
        "the sentence for `{0}` cannot be read; write plain text with variables like {{ $shop }}"
    )]
    Pattern(String),
    /// A variable that this sentence does not have, or one that is missing.
    #[error("the sentence for `{key}` must use exactly the variables {wanted}")]
    Variables {
        /// The sentence.
        key: &'static str,
        /// What it must use.
        wanted: String,
    },
}

/// The sentences, with a seller's own ones in front. Cheap to clone.
#[derive(Clone, Default)]
pub struct Words {
    own: Arc<HashMap<(usize, Key), Bundle>>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({} own)", self.own.len())
    }
}

impl Words {
    /// The defaults with a seller's own sentences: `(language, key, pattern)`.
    pub fn with_own<'t>(
        own: impl IntoIterator<Item = (&'t str, &'t str, &'t str)>,
    ) -> Result<Self, InvalidSentence> {
        let mut bundles = HashMap::new();
        for (language, key, pattern) in own {
            let place = place_of(language)
                .ok_or_else(|| InvalidSentence::Language(language.chars().take(16).collect()))?;
            let key = Key::parse(key)
                .ok_or_else(|| InvalidSentence::Key(key.chars().take(40).collect()))?;
            bundles.insert((place, key), own_bundle(place, key, pattern)?);
        }
        Ok(Self {
            own: Arc::new(bundles),
        })
    }

    /// The voice for a customer's language, else the seller's, else English.
    #[must_use]
    pub fn voice(&self, language: Option<&str>, romanized: bool, sellers: &str) -> Voice<'_> {
        let latin = |language: &str| match language {
            // Roman Urdu and Roman Hindi read alike.
            "hi" | "ur" => place_of("hi-Latn"),
            "si" => place_of("si-Latn"),
            "ta" => place_of("ta-Latn"),
            _ => None,
        };
        let place = language
            .and_then(|l| {
                romanized
                    .then(|| latin(l))
                    .flatten()
                    .or_else(|| place_of(l))
            })
            .or_else(|| place_of(sellers))
            .unwrap_or(0);
        Voice { words: self, place }
    }
}

/// The sentences in one language.
#[derive(Debug, Clone, Copy)]
pub struct Voice<'w> {
    words: &'w Words,
    place: usize,
}

impl Voice<'_> {
    /// The language spoken.
    #[must_use]
    pub fn language(&self) -> &'static str {
        LANGUAGES[self.place]
    }

    /// A sentence with its variables filled in: the seller's own, else the language's, else the
    /// English one.
    #[must_use]
    pub fn say(&self, key: Key, variables: &[(&'static str, &str)]) -> String {
        let own = self.words.own.get(&(self.place, key));
        let bundles = own
            .into_iter()
            .chain([default_bundle(self.place), default_bundle(0)]);
        let mut args = FluentArgs::with_capacity(variables.len());
        for (name, value) in variables {
            args.set(*name, FluentValue::from(*value));
        }
        for bundle in bundles {
            let pattern = bundle.get_message(key.as_str()).and_then(|m| m.value());
            if let Some(pattern) = pattern {
                let mut errors = Vec::new();
                let text = bundle.format_pattern(pattern, Some(&args), &mut errors);
                if errors.is_empty() {
                    return text.into_owned();
                }
            }
        }
        key.as_str().to_owned()
    }

    /// A sentence without variables.
    #[must_use]
    pub fn plain(&self, key: Key) -> String {
        self.say(key, &[])
    }
}

fn place_of(language: &str) -> Option<usize> {
    LANGUAGES.iter().position(|l| *l == language)
}

fn default_bundle(place: usize) -> &'static Bundle {
    DEFAULTS[place].get_or_init(|| {
        let mut bundle = empty_bundle(place);
        // A file that does not parse is caught by the tests; what of it parses is spoken.
        let resource = FluentResource::try_new(FILES[place].to_owned());
        bundle.add_resource_overriding(resource.unwrap_or_else(|(resource, _)| resource));
        bundle
    })
}

fn empty_bundle(place: usize) -> Bundle {
    let language: LanguageIdentifier = LANGUAGES[place].parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![language]);
    // The marks around variables show as boxes in some chat clients.
    bundle.set_use_isolating(false);
    bundle
}

/// The longest sentence of a seller's own, in bytes.
const OWN_BYTES_MAX: usize = 600;

fn own_bundle(place: usize, key: Key, pattern: &str) -> Result<Bundle, InvalidSentence> {
    let unreadable = || InvalidSentence::Pattern(key.as_str().to_owned());
    let pattern = pattern.trim();
    if pattern.is_empty() || pattern.len() > OWN_BYTES_MAX {
        return Err(unreadable());
    }
    let indented = pattern.replace('\n', "\n    ");
    let source = format!("{} =\n    {indented}\n", key.as_str());
    let resource = FluentResource::try_new(source).map_err(|_| unreadable())?;
    if resource.entries().count() != 1 {
        return Err(unreadable());
    }
    let mut used = variables_in(pattern);
    used.sort_unstable();
    used.dedup();
    let mut wanted = key.variables().to_vec();
    wanted.sort_unstable();
    if used != wanted {
        return Err(InvalidSentence::Variables {
            key: key.as_str(),
            wanted: wanted
                .iter()
                .map(|v| format!("{{ ${v} }}"))
                .collect::<Vec<_>>()
                .join(", "),
        });
    }
    let mut bundle = empty_bundle(place);
    bundle.add_resource_overriding(resource);
    bundle
        .get_message(key.as_str())
        .and_then(|m| m.value())
        .ok_or_else(unreadable)?;
    Ok(bundle)
}

/// Names after `$` inside braces.
fn variables_in(pattern: &str) -> Vec<&str> {
    pattern
        .split('{')
        .skip(1)
        .filter_map(|part| part.split('}').next())
        .filter_map(|inside| inside.trim().strip_prefix('$'))
        .map(str::trim)
        .collect()
}
