//! The order parser: a customer's message, the seller's catalogue and the standing order in, a
//! [`Reading`] out. Pure and total: no I/O, no clock, no chance; any text gets a reading, and what is
//! unsure is a doubt, never a guess.
//!
//! [`read`] is the way in; each stage is a file of its own: `normalise`, `tokenise`, `tag`, `matcher`,
//! `lines`, `settle`, `intent`, `apply`. [`explain`] shows what each made of a message.

mod apply;
pub mod contact;
mod explain;
mod index;
mod intent;
mod lexicon;
mod lines;
mod matcher;
mod normalise;
mod pieces;
mod settle;
mod sounds;
mod tag;
mod tokenise;
mod vocabulary;

use domain::Currency;
use domain::reading::{Contact, Reading, Span, Standing};

pub use explain::{Explanation, explain};
pub use index::Index;

use crate::tokenise::Tokens;

/// Where the seller sells: settles local phone numbers and what a bare amount of money is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Locale {
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// The currency of the catalogue's prices.
    pub currency: Option<Currency>,
}

/// Reads one message. The order after it is `read(..).apply(&standing)`.
#[must_use]
pub fn read(index: &Index, text: &str, standing: &Standing) -> Reading {
    stages(index, text, standing, &mut |_| {})
}

/// What a stage made of the message, for whoever wants to look.
enum Seen<'a> {
    Tokens(&'a Tokens),
    Tags(&'a Tokens, &'a tag::Tags),
    Mentions(&'a Tokens, &'a [matcher::Mention]),
    Pieces(&'a Tokens, &'a [pieces::Piece]),
    Sentences(&'a [intent::Sentence]),
    Drafts(&'a Tokens, &'a lines::Lines),
    Lines(&'a [settle::Line]),
}

fn stages(
    index: &Index,
    text: &str,
    standing: &Standing,
    watch: &mut dyn FnMut(Seen<'_>),
) -> Reading {
    let lexicon = lexicon::lexicon();
    let tokens = tokenise::tokenise(text, |word| {
        lexicon.knows(word) || index.vocabulary.knows(word)
    });
    watch(Seen::Tokens(&tokens));
    let contact = contact(index, text, &tokens, standing);
    let barred = barred(&tokens, &contact);
    let ours = index.vocabulary.ours(&tokens);
    let tags = tag::tag(&tokens, index, &ours);
    watch(Seen::Tags(&tokens, &tags));
    let mentions = matcher::mentions(&tokens, &tags, index, &barred);
    watch(Seen::Mentions(&tokens, &mentions));
    let pieces = pieces::pieces(&tokens, &tags, &mentions, &barred);
    watch(Seen::Pieces(&tokens, &pieces));
    let sentences = intent::sentences(&pieces, &tags);
    watch(Seen::Sentences(&sentences));
    let context = apply::context(index, standing);
    let drafts = lines::group(&pieces, &mentions, index, &context.recent);
    watch(Seen::Drafts(&tokens, &drafts));
    let (both, all) = (drafts.both, drafts.all);
    let lines = settle::settle(drafts, &mentions, index, &context);
    watch(Seen::Lines(&lines));
    apply::apply(apply::Parts {
        index,
        text,
        tokens: &tokens,
        tags: &tags,
        mentions: &mentions,
        sentences: &sentences,
        lines,
        both,
        all,
        contact,
        standing,
    })
}

/// Contact details. A message that is a name and nothing else is one from a customer who has
/// ordered: before that it is rather a product.
fn contact(index: &Index, text: &str, tokens: &Tokens, standing: &Standing) -> Contact {
    let lexicon = lexicon::lexicon();
    let known = |word: &str, every: bool| {
        index.vocabulary.knows(word)
            || if every {
                lexicon.knows(word)
            } else {
                lexicon.has(word, &SAID)
            }
    };
    let mut contact = contact::find_among(text, index.locale.country.as_deref(), &known);
    if contact
        .address
        .as_ref()
        .is_some_and(|a| is_goods(index, tokens, a.span))
    {
        contact.address = None;
    }
    if contact.is_empty() && !standing.lines.is_empty() {
        contact.name = contact::bare_name(text, &known);
    }
    contact
}

/// What is said in talk of orders and hardly ever in a name or an address.
const SAID: [lexicon::Cat; 30] = {
    use lexicon::Cat;
    [
        Cat::Order,
        Cat::Question,
        Cat::MaybeQuestion,
        Cat::Info,
        Cat::Yes,
        Cat::Confirm,
        Cat::Cancel,
        Cat::Remove,
        Cat::Negation,
        Cat::Extra,
        Cat::Light,
        Cat::Each,
        Cat::Both,
        Cat::All,
        Cat::Same,
        Cat::More,
        Cat::Also,
        Cat::Instead,
        Cat::Change,
        Cat::Correction,
        Cat::This,
        Cat::Greeting,
        Cat::Thanks,
        Cat::Polite,
        Cat::Filler,
        Cat::Common,
        Cat::Past,
        Cat::Complaint,
        Cat::Unit,
        Cat::Number,
    ]
};

/// Whether a stretch is nothing but numbers, units and words of the catalogue: no address.
fn is_goods(index: &Index, tokens: &Tokens, span: Span) -> bool {
    use lexicon::Cat;
    let within = |t: &tokenise::Token| span.start <= t.span.start && t.span.end <= span.end;
    (0..tokens.len())
        .filter(|i| within(&tokens.list[*i]))
        .all(|i| {
            let form = tokens.form(i);
            tokens.list[i].kind != tokenise::Kind::Word
                || index.vocabulary.knows(form)
                || lexicon::lexicon().has(
                    form,
                    &[Cat::Unit, Cat::Number, Cat::Multiple, Cat::And, Cat::Filler],
                )
        })
}

/// The tokens that are part of contact details.
fn barred(tokens: &Tokens, contact: &Contact) -> Vec<bool> {
    let spans: Vec<_> = [
        &contact.phone,
        &contact.email,
        &contact.name,
        &contact.address,
    ]
    .into_iter()
    .flatten()
    .map(|found| found.span)
    .collect();
    tokens
        .list
        .iter()
        .map(|t| {
            spans
                .iter()
                .any(|s| s.start < t.span.end && t.span.start < s.end)
        })
        .collect()
}
