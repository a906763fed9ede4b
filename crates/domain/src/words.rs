//! Every sentence that a customer sees, from Fluent files by language; a seller may put their own.

/// The languages there are sentences for, the fallback first.
pub const LANGUAGES: &[&str] = &[
    "en", "hi", "si", "ta", "tl", "id", "ms", "es", "pt", "fr", "ar", "sw", "pcm", "ur", "bn",
];

/// The sentences, with a seller's own ones in front.
#[derive(Debug, Default)]
pub struct Words;
