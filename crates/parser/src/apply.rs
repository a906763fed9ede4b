//! Stage 8, apply to the standing order: what a message changes, what it leaves in doubt, what was
//! talked about, and what the whole message is for.

mod finish;
mod left_out;
mod named;
mod options;
mod standing;
mod wanted;

use options::{common_options, conflicts, merged, missing};

use domain::reading::{
    Change, Contact, Doubt, Mention as Talk, OptionChoice, OrderLine, ReadLine, Reading, Span,
    Standing,
};
use smallvec::SmallVec;

use crate::index::Index;
use crate::intent::{Mode, Sentence};
use crate::lexicon::Cat;
use crate::matcher::Mention;
use crate::settle::{Context, Line, resolve};
use crate::tag::{Cats, Tags};
use crate::tokenise::Tokens;

/// What the stages before made of a message.
pub(crate) struct Parts<'a> {
    pub(crate) index: &'a Index,
    pub(crate) text: &'a str,
    pub(crate) tokens: &'a Tokens,
    pub(crate) tags: &'a Tags,
    pub(crate) mentions: &'a [Mention],
    pub(crate) sentences: &'a [Sentence],
    pub(crate) lines: Vec<Line>,
    pub(crate) both: bool,
    pub(crate) all: bool,
    pub(crate) contact: Contact,
    pub(crate) standing: &'a Standing,
}

/// What the standing order makes likely.
pub(crate) fn context(index: &Index, standing: &Standing) -> Context {
    let mut context = Context::default();
    for doubt in &standing.doubts {
        if let Doubt::AmbiguousProduct { candidates, .. } = doubt {
            context.asked.extend(
                candidates
                    .iter()
                    .filter_map(|id| index.by_id.get(id))
                    .copied(),
            );
        }
    }
    for line in &standing.lines {
        context
            .recent
            .extend(index.by_id.get(&line.product).copied());
    }
    for talk in &standing.focus {
        context.recent.extend(
            talk.products
                .iter()
                .filter_map(|id| index.by_id.get(id))
                .copied(),
        );
    }
    context
}

pub(crate) fn apply(mut parts: Parts<'_>) -> Reading {
    let lines = std::mem::take(&mut parts.lines);
    let mut work = Work {
        cats: CatsOf::of(parts.sentences),
        parts: &parts,
        changes: Vec::new(),
        doubts: Vec::new(),
        focus: Vec::new(),
        touched: SmallVec::new(),
        wanted: false,
        named: false,
        removed: false,
    };
    let (positive, negative): (Vec<Line>, Vec<Line>) =
        lines.into_iter().partition(|l| !l.negated && !l.replaced);
    let replaced: Vec<Line> = negative.iter().filter(|l| l.replaced).cloned().collect();
    let cancel = work.cancels(&positive);
    if cancel {
        if !parts.standing.lines.is_empty() {
            work.changes.push(Change::Clear);
        }
    } else {
        work.remove(&negative);
        let dropped: SmallVec<[u16; 4]> = negative.iter().map(|l| l.sentence).collect();
        work.wants(positive, &replaced, &dropped);
        work.refer();
    }
    work.finish(cancel)
}

/// The sentences, and what holds of any of them.
struct CatsOf<'a> {
    list: &'a [Sentence],
    all: Cats,
    question: bool,
    idle: bool,
    order: bool,
}

impl<'a> CatsOf<'a> {
    fn of(list: &'a [Sentence]) -> Self {
        let mut all = Cats::default();
        for sentence in list {
            all.join(sentence.cats);
        }
        let any = |mode| list.iter().any(|s| s.mode == mode);
        Self {
            list,
            all,
            question: any(Mode::Question),
            idle: any(Mode::Idle),
            order: any(Mode::Order),
        }
    }

    fn has(&self, cat: Cat) -> bool {
        self.all.has(cat)
    }

    fn at(&self, sentence: u16) -> Option<&Sentence> {
        self.list.get(sentence as usize)
    }
}

struct Work<'a> {
    parts: &'a Parts<'a>,
    cats: CatsOf<'a>,
    changes: Vec<Change>,
    doubts: Vec<Doubt>,
    focus: Vec<Talk>,
    /// Standing lines already changed.
    touched: SmallVec<[usize; 4]>,
    /// The message asks for goods, whether or not they could be told.
    wanted: bool,
    /// Goods were named.
    named: bool,
    removed: bool,
}

impl Work<'_> {
    fn standing(&self) -> &[OrderLine] {
        &self.parts.standing.lines
    }

    fn span(&self, line: &Line) -> Span {
        self.parts
            .tokens
            .span(line.from, line.to.max(line.from + 1) - 1)
    }

    fn words(&self, line: &Line) -> String {
        let span = self.span(line);
        self.parts
            .text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
            .to_owned()
    }

    fn read_line(&self, mut line: OrderLine, confidence: f32, span: Span) -> ReadLine {
        line.options.sort();
        line.quantity = line.quantity.clamp(1, 9999);
        let missing = self.missing(&line);
        ReadLine {
            line,
            confidence,
            spans: vec![span],
            missing,
        }
    }

    /// Notes what was talked about without being ordered.
    fn talk(&mut self, line: &Line) {
        let index = self.parts.index;
        if line.items.is_empty() {
            // Choices said of what was talked about before.
            if line.picks.is_empty() && line.quantity.is_none() {
                return;
            }
            let Some(before) = self.parts.standing.focus.last().cloned() else {
                return;
            };
            let [id] = &before.products[..] else {
                return;
            };
            let Some(item) = index.by_id.get(id).copied() else {
                return;
            };
            let mut line = line.clone();
            resolve(&mut line, item, self.parts.mentions, index);
            self.focus.push(Talk {
                products: before.products.clone(),
                quantity: line.quantity.or(before.quantity),
                options: merged(index, item, &before.options, &line.options),
            });
            return;
        }
        self.focus.push(Talk {
            products: line
                .items
                .iter()
                .take(10)
                .map(|i| index.items[*i as usize].id.clone())
                .collect(),
            quantity: line.quantity,
            options: line.options.clone(),
        });
    }

    fn add(
        &mut self,
        item: u32,
        quantity: u32,
        options: Vec<OptionChoice>,
        confidence: f32,
        span: Span,
    ) {
        let product = self.parts.index.items[item as usize].id.clone();
        self.note(item, Some(quantity), &options);
        let line = self.read_line(
            OrderLine {
                product,
                quantity,
                options,
            },
            confidence,
            span,
        );
        self.changes.push(Change::Add { line });
    }

    fn note(&mut self, item: u32, quantity: Option<u32>, options: &[OptionChoice]) {
        self.focus.push(Talk {
            products: vec![self.parts.index.items[item as usize].id.clone()],
            quantity,
            options: options.to_vec(),
        });
    }
}
