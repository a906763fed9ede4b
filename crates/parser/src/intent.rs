//! Stage 7, read intent: what each sentence is for, by its cues.

use smallvec::SmallVec;

use crate::lexicon::Cat;
use crate::pieces::{Form, Gap, Piece, What};
use crate::tag::{Cats, Tags};

/// What a sentence is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It says that something is wanted.
    Order,
    /// It only names things.
    Bare,
    Question,
    /// Past orders, complaints, perhapses, advertising: nothing is wanted by it.
    Idle,
}

/// A sentence: its mode, and the cues it holds.
#[derive(Debug, Clone)]
pub(crate) struct Sentence {
    pub(crate) mode: Mode,
    pub(crate) cats: Cats,
    /// Words that name or count something.
    pub(crate) told: u32,
    /// Other words of content.
    pub(crate) untold: u32,
    /// Has an explicit number.
    pub(crate) counted: bool,
}

/// Words of content that are neither goods nor grammar.
const ELSEWHERE: Cats = Cats::of(&[
    Cat::Common,
    Cat::AddressCue,
    Cat::AddressWord,
    Cat::NameCue,
    Cat::PhoneCue,
    Cat::EmailCue,
    Cat::TitleWord,
    Cat::Info,
    Cat::Spam,
    Cat::People,
    Cat::Past,
]);

/// Reads the mode of every sentence.
pub(crate) fn sentences(pieces: &[Piece], tags: &Tags) -> Vec<Sentence> {
    let count = pieces.last().map_or(1, |p| p.sentence as usize + 1);
    let mut out = Vec::with_capacity(count);
    let mut spam = 0;
    for tag in &tags.list {
        spam += u32::from(tag.cats.has(Cat::Spam));
    }
    let forwarded = tags
        .list
        .first()
        .is_some_and(|t| t.cats.has(Cat::Spam) && t.from == 0);
    let mut from = 0;
    for s in 0..count {
        let length = pieces[from..]
            .iter()
            .take_while(|p| p.sentence as usize == s)
            .count();
        let of: SmallVec<[(usize, &Piece); 24]> =
            pieces[from..from + length].iter().enumerate().collect();
        from += length;
        let mut sentence = sentence(&of);
        if spam >= 2 || forwarded {
            sentence.mode = Mode::Idle;
        }
        out.push(sentence);
    }
    out
}

/// Whether goods are named in these pieces.
fn is_mention(pieces: &[(usize, &Piece)]) -> bool {
    pieces
        .iter()
        .any(|(_, p)| matches!(p.what, What::Mention(_)))
}

fn sentence(pieces: &[(usize, &Piece)]) -> Sentence {
    let mut cats = Cats::default();
    let (mut told, mut untold, mut counted) = (0, 0, false);
    let (mut order_at, mut question_at, mut past_at) = (None, None, None);
    let (mut asked, mut goods_at) = (false, None);
    let mut first_maybe = false;
    let mut words = 0;
    for (place, (_, piece)) in pieces.iter().enumerate() {
        match piece.what {
            What::Word(word) => {
                for cat in [
                    Cat::Order,
                    Cat::Question,
                    Cat::MaybeQuestion,
                    Cat::Info,
                    Cat::Past,
                    Cat::Complaint,
                    Cat::Later,
                    Cat::If,
                    Cat::Spam,
                    Cat::Cancel,
                    Cat::Confirm,
                    Cat::Yes,
                    Cat::Remove,
                    Cat::Reduce,
                    Cat::Change,
                    Cat::Correction,
                    Cat::Instead,
                    Cat::Thanks,
                    Cat::Greeting,
                    Cat::Negation,
                    Cat::NegationAfter,
                    Cat::More,
                    Cat::Also,
                    Cat::And,
                    Cat::This,
                    Cat::Both,
                    Cat::All,
                    Cat::Each,
                    Cat::Note,
                    Cat::Same,
                    Cat::One,
                    Cat::NameCue,
                ] {
                    // "A epa, B denna": one is declined between two, the order stands.
                    let of_one = cat == Cat::Cancel
                        && word.has(Cat::NegationAfter)
                        && is_mention(&pieces[..place])
                        && is_mention(&pieces[place + 1..]);
                    if word.has(cat) && !of_one {
                        cats.add(cat);
                    }
                }
                if word.has(Cat::Order) && order_at.is_none() {
                    order_at = Some(place);
                }
                if word.has(Cat::Question) && !(word.has(Cat::Order)) {
                    question_at = Some(place);
                }
                if word.has(Cat::Past) {
                    past_at = Some(place);
                }
                if word.has(Cat::MaybeQuestion) && words == 0 {
                    first_maybe = true;
                }
                if !word.is_empty() && word.only(ELSEWHERE) {
                    untold += 1;
                }
                if !word.any(Cats::of(&[Cat::Greeting, Cat::Polite, Cat::Yes])) {
                    words += 1;
                }
            }
            What::Mention(_) => {
                told += (piece.to - piece.from) as u32;
                goods_at = goods_at.or(Some(place));
                words += 1;
            }
            What::Amount(amount) => {
                words += 1;
                let vast = amount.form == Form::Plain && amount.value >= 100_000;
                if !vast && !matches!(amount.form, Form::Not | Form::Price | Form::Label) {
                    told += 1;
                    counted = true;
                }
            }
            What::Unknown => {
                untold += 1;
                words += 1;
            }
            What::Gap(Gap::Asked) => asked = true,
            What::Gap(_) => {}
        }
    }
    let order = order_at.is_some();
    let question = question_at.is_some();
    let mode = if cats.has(Cat::Complaint) || cats.has(Cat::Later) {
        Mode::Idle
    } else if cats.has(Cat::Info) {
        Mode::Question
    } else if cats.has(Cat::Past) {
        let renewed = order_at.zip(past_at).is_some_and(|(o, p)| o > p) && told > 0;
        if asked || (question && !renewed) {
            Mode::Question
        } else if renewed {
            Mode::Order
        } else {
            Mode::Idle
        }
    } else if cats.has(Cat::If) && (asked || question || cats.has(Cat::MaybeQuestion)) {
        Mode::Question
    } else if question {
        let wants = order_at
            .zip(question_at)
            .is_some_and(|(o, q)| o > q && goods_at.is_some_and(|g| g > q && g < o))
            && !asked;
        if wants { Mode::Order } else { Mode::Question }
    } else if order {
        Mode::Order
    } else if asked || first_maybe {
        Mode::Question
    } else if cats.has(Cat::If) {
        Mode::Idle
    } else {
        Mode::Bare
    };
    Sentence {
        mode,
        cats,
        told,
        untold,
        counted,
    }
}
