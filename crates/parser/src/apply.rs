//! Stage 8, apply to the standing order: what a message changes, what it leaves in doubt, what was
//! talked about, and what the whole message is for.

use domain::reading::{
    Change, Contact, Doubt, Intent, Mention as Talk, OptionChoice, OrderLine, ReadLine, Reading,
    Span, Standing,
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
        work.wants(positive, &replaced);
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

    /// Whether the whole order is called off.
    fn cancels(&self, positive: &[Line]) -> bool {
        if !self.cats.has(Cat::Cancel) {
            return false;
        }
        let about = |line: &Line| {
            self.cats
                .at(line.sentence)
                .is_some_and(|s| s.cats.has(Cat::Cancel))
        };
        // "cancel the dupatta" names what; "cancel my order of 2 kurtis" with nothing standing does not matter.
        let names = positive
            .iter()
            .any(|l| about(l) && (!l.items.is_empty() || !l.picks.is_empty()));
        let swaps = positive
            .iter()
            .any(|l| !about(l) && !l.items.is_empty() && self.mode(l) != Mode::Idle);
        (!names || self.parts.all || self.standing().is_empty()) && !swaps
    }

    fn mode(&self, line: &Line) -> Mode {
        self.cats.at(line.sentence).map_or(Mode::Bare, |s| s.mode)
    }

    /// Whether a line is wanted, by its sentence.
    fn is_wanted(&self, line: &Line) -> bool {
        let Some(sentence) = self.cats.at(line.sentence) else {
            return false;
        };
        // "change the milk to oat": what is said to change stands.
        let changes = !self.standing().is_empty()
            && (self.amends(line.sentence) || sentence.cats.has(Cat::Remove));
        if changes && !matches!(sentence.mode, Mode::Question | Mode::Idle) {
            return true;
        }
        match sentence.mode {
            // Much else is said and no number: it is about something else that sounds like goods.
            Mode::Order => {
                line.quantity.is_some()
                    || line.items.is_empty()
                    || sentence.untold <= 2 * sentence.told
            }
            Mode::Question | Mode::Idle => false,
            Mode::Bare => {
                let questions = self.cats.question;
                let idle = self.cats.idle;
                let explained = sentence.untold == 0
                    || 2 * sentence.untold <= sentence.told + 2 * u32::from(sentence.counted);
                if self.is_hint(line) {
                    return false;
                }
                let said = line.quantity.is_some() || line.opened;
                if line.items.is_empty() && line.picks.is_empty() && !line.more && !line.same {
                    return said && sentence.untold <= 2 && !idle;
                }
                explained && (!(questions || idle) || said || line.full)
            }
        }
    }

    /// Whether only a colour or size hints at the product, of which nothing was said before.
    fn is_hint(&self, line: &Line) -> bool {
        let one = line.to - line.from == 1;
        one && !line.full
            && !line.opened
            && line.quantity.is_none()
            && !line.inferred
            && self.parts.tags.cats(line.from).has(Cat::Color)
            && self.standing().is_empty()
            && self.parts.standing.focus.is_empty()
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

    fn item_of(&self, line: &OrderLine) -> Option<u32> {
        self.parts.index.by_id.get(&line.product).copied()
    }

    /// The standing line that a line without a product is about.
    fn target(&self, line: &Line) -> Option<usize> {
        let fits = |i: &usize| {
            let Some(item) = self.item_of(&self.standing()[*i]) else {
                return false;
            };
            line.picks.iter().all(|p| {
                crate::lines::choose(self.parts.index, self.parts.mentions, item, p.source)
                    .is_some()
            })
        };
        let lines = self.standing();
        let talked = self.parts.standing.focus.iter().rev().find_map(|talk| {
            let id = talk.products.first()?;
            (0..lines.len())
                .rev()
                .filter(|i| lines[*i].product == *id)
                .find(fits)
        });
        // What still lacks such a choice comes before what was last talked about.
        let lacking = (0..lines.len()).rev().filter(fits).find(|i| {
            let missing = self.missing(&lines[*i]);
            !line.picks.is_empty()
                && line.picks.iter().any(|p| {
                    self.option_name(&lines[*i], p)
                        .is_some_and(|n| missing.contains(&n))
                })
        });
        lacking
            .or(talked)
            .or_else(|| (0..lines.len()).rev().find(fits))
    }

    fn option_name(&self, line: &OrderLine, pick: &crate::lines::Pick) -> Option<String> {
        let item = self.item_of(line)?;
        let chosen =
            crate::lines::choose(self.parts.index, self.parts.mentions, item, pick.source)?;
        Some(
            self.parts.index.values[chosen.value as usize]
                .option
                .to_string(),
        )
    }

    /// Names of required options that a line lacks.
    fn missing(&self, line: &OrderLine) -> Vec<String> {
        let Some(item) = self.item_of(line) else {
            return Vec::new();
        };
        missing(self.parts.index, item, &line.options)
    }

    /// Drops or lessens what is not wanted any more.
    fn remove(&mut self, negative: &[Line]) {
        for line in negative.iter().filter(|l| !l.replaced) {
            if self.mode(line) == Mode::Idle {
                continue;
            }
            let lines = self.standing();
            let found = match line.items.first() {
                Some(_) => (0..lines.len()).rev().find(|i| {
                    self.item_of(&lines[*i])
                        .is_some_and(|item| line.items.contains(&item))
                        && self.agrees(&lines[*i], line)
                }),
                None if !line.picks.is_empty() => self.target_with(line),
                None => None,
            };
            if let Some(index) = found {
                self.drop_line(index, line.quantity, line);
            }
        }
    }

    /// The standing line that has the choices of a line.
    fn target_with(&self, line: &Line) -> Option<usize> {
        (0..self.standing().len()).rev().find(|i| {
            self.item_of(&self.standing()[*i]).is_some()
                && self.agrees(&self.standing()[*i], line)
                && {
                    let item = self.item_of(&self.standing()[*i]).unwrap_or(0);
                    line.picks.iter().all(|p| {
                        crate::lines::choose(self.parts.index, self.parts.mentions, item, p.source)
                            .is_some()
                    })
                }
        })
    }

    /// Whether every choice of `line` is one that the standing line has.
    fn agrees(&self, standing: &OrderLine, line: &Line) -> bool {
        let Some(item) = self.item_of(standing) else {
            return false;
        };
        line.picks.iter().all(|p| {
            match crate::lines::choose(self.parts.index, self.parts.mentions, item, p.source) {
                None => true,
                Some(chosen) => {
                    let value = &self.parts.index.values[chosen.value as usize];
                    standing
                        .options
                        .iter()
                        .any(|o| *o.name == *value.option && *o.value == *value.text)
                }
            }
        })
    }

    fn drop_line(&mut self, index: usize, by: Option<u32>, line: &Line) {
        if self.touched.contains(&index) {
            return;
        }
        self.touched.push(index);
        self.removed = true;
        let span = self.span(line);
        let old = self.standing()[index].clone();
        match by {
            Some(n) if n < old.quantity => {
                let less = OrderLine {
                    quantity: old.quantity - n,
                    ..old
                };
                let line = self.read_line(less, 0.92, span);
                self.changes.push(Change::Replace { index, line });
            }
            _ => self.changes.push(Change::Remove {
                index,
                spans: vec![span],
            }),
        }
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

    /// The lines that are wanted, one after the other.
    fn wants(&mut self, positive: Vec<Line>, replaced: &[Line]) {
        let cancelling = |work: &Self, line: &Line| {
            work.cats
                .at(line.sentence)
                .is_some_and(|s| s.cats.has(Cat::Cancel) || s.cats.has(Cat::Remove))
        };
        let mut first_left_out = true;
        let nothing_yet = self.standing().is_empty() && self.parts.standing.focus.is_empty();
        for line in positive {
            // "swap salt for soda" with nothing ordered is no order.
            let swaps = replaced.iter().any(|r| r.sentence == line.sentence)
                || self
                    .cats
                    .at(line.sentence)
                    .is_some_and(|s| s.cats.has(Cat::Instead));
            if nothing_yet && line.quantity.is_none() && swaps {
                self.talk(&line);
                continue;
            }
            let reduces = !line.items.is_empty()
                && self
                    .cats
                    .at(line.sentence)
                    .is_some_and(|s| s.cats.has(Cat::Reduce));
            if reduces && !self.standing().is_empty() {
                let by = line.quantity.or(Some(1));
                self.remove(&[Line {
                    negated: true,
                    quantity: by,
                    ..line
                }]);
                continue;
            }
            if cancelling(self, &line) && !self.standing().is_empty() && !line.items.is_empty() {
                let negated = Line {
                    negated: true,
                    ..line
                };
                self.remove(&[negated]);
                continue;
            }
            // "remove the sage ones"
            let all_negated = line.items.is_empty()
                && !line.picks.is_empty()
                && line.picks.iter().all(|p| p.negated);
            if all_negated && cancelling(self, &line) && self.drops_by_choice(&line) {
                continue;
            }
            if !line.items.is_empty() {
                self.named = true;
            }
            let answers = self.answers(&line);
            if !self.is_wanted(&line) && !answers {
                self.talk(&line);
                continue;
            }
            self.wanted = true;
            match line.items.len() {
                0 => {
                    self.left_out(line, first_left_out, replaced);
                    first_left_out = false;
                }
                1 if !line.contradicted => self.known(line, replaced),
                _ => self.doubtful(line),
            }
        }
        if !replaced.is_empty() && self.changes.is_empty() && !self.standing().is_empty() {
            self.wanted = true;
        }
    }

    /// Drops the standing line that has a choice which is not wanted any more, where only one of its
    /// kind can be chosen.
    fn drops_by_choice(&mut self, line: &Line) -> bool {
        let single = |i: usize| {
            self.item_of(&self.standing()[i]).is_some_and(|item| {
                line.picks.iter().all(|p| {
                    crate::lines::choose(self.parts.index, self.parts.mentions, item, p.source)
                        .is_some_and(|c| !c.multiple)
                })
            })
        };
        match self.target_with(line).filter(|i| single(*i)) {
            Some(index) => {
                self.drop_line(index, line.quantity, line);
                true
            }
            None => false,
        }
    }

    /// Whether a line names one of the products that were asked about.
    fn answers(&self, line: &Line) -> bool {
        let asked = self.parts.standing.doubts.iter().any(|d| match d {
            Doubt::AmbiguousProduct { candidates, .. } => match line.items[..] {
                [item] => candidates.contains(&self.parts.index.items[item as usize].id),
                _ => false,
            },
            _ => false,
        });
        asked && self.mode(line) == Mode::Bare
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

    /// Several products fit, or none: that is a doubt.
    fn doubtful(&mut self, line: Line) {
        let index = self.parts.index;
        let candidates = line
            .items
            .iter()
            .take(10)
            .map(|i| index.items[*i as usize].id.clone())
            .collect();
        let options = common_options(index, self.parts.mentions, &line);
        let quantity = line.quantity.unwrap_or(1);
        self.talk(&line);
        let (words, span) = (self.words(&line), self.span(&line));
        self.doubts.push(if line.contradicted {
            Doubt::UnknownProduct {
                words,
                span,
                quantity,
                nearest: candidates,
            }
        } else {
            Doubt::AmbiguousProduct {
                words,
                span,
                quantity,
                options,
                candidates,
            }
        });
    }

    /// A line whose product is certain.
    fn known(&mut self, mut line: Line, replaced: &[Line]) {
        let index = self.parts.index;
        let item = line.items[0];
        self.unclear(&line, item);
        let id = index.items[item as usize].id.clone();
        // An answer to "which one?" takes what was said with the question.
        for doubt in &self.parts.standing.doubts {
            if let Doubt::AmbiguousProduct {
                quantity,
                options,
                candidates,
                ..
            } = doubt
                && candidates.contains(&id)
                && self.mode(&line) != Mode::Question
            {
                line.quantity = line.quantity.or(Some(*quantity));
                line.options = merged(index, item, options, &line.options);
                break;
            }
        }
        // "another white one, the same": the rest as in the line before.
        if line.same
            && let Some(last) = self.standing().last()
        {
            line.options = merged(index, item, &last.options, &line.options);
        }
        let confidence = self.confidence(&line);
        let span = self.span(&line);
        let sentence = self.cats.at(line.sentence);
        let amending = self.amends(line.sentence);
        let same: Vec<usize> = (0..self.standing().len())
            .filter(|i| self.standing()[*i].product == id && !self.touched.contains(i))
            .collect();
        if let Some(swap) = self.swapped(&line, item, replaced, amending, &same) {
            self.touched.push(swap);
            let old = self.standing()[swap].clone();
            let options = merged(index, item, &old.options, &line.options);
            let one_of = amending
                && old.quantity > 1
                && sentence.is_some_and(|s| s.cats.has(Cat::One) && !s.cats.has(Cat::Instead));
            if one_of {
                line.quantity = line.quantity.or(Some(1));
            }
            let quantity = line.quantity.unwrap_or(old.quantity);
            self.note(item, line.quantity, &options);
            if line.quantity.is_some_and(|q| q < old.quantity) && !line.opened {
                // "64 GB for one of them"
                let rest = OrderLine {
                    quantity: old.quantity - quantity,
                    ..old
                };
                let rest = self.read_line(rest, confidence, span);
                self.changes.push(Change::Replace {
                    index: swap,
                    line: rest,
                });
                let new = self.read_line(
                    OrderLine {
                        product: id,
                        quantity,
                        options,
                    },
                    confidence,
                    span,
                );
                self.changes.push(Change::Add { line: new });
                return;
            }
            let new = self.read_line(
                OrderLine {
                    product: id,
                    quantity,
                    options,
                },
                confidence,
                span,
            );
            self.changes.push(Change::Replace {
                index: swap,
                line: new,
            });
            return;
        }
        let more = line.more;
        if let Some(&at) = same
            .iter()
            .rev()
            .find(|i| Self::fits_standing(&self.standing()[**i], &line, amending))
            .or_else(|| same.last().filter(|_| amending))
        {
            let old = self.standing()[at].clone();
            let adds = more || (sentence.is_some_and(|s| s.cats.has(Cat::Also)) && !amending);
            let options = merged(index, item, &old.options, &line.options);
            let conflict = conflicts(&old.options, &line.options);
            if adds && (conflict || (!more && !line.options.is_empty() && old.options != options)) {
                self.add(
                    item,
                    line.quantity.unwrap_or(1),
                    line.options,
                    confidence,
                    span,
                );
                return;
            }
            let quantity = if adds {
                old.quantity.saturating_add(line.quantity.unwrap_or(1))
            } else {
                line.quantity.unwrap_or(old.quantity)
            };
            if quantity == old.quantity && options == old.options {
                self.note(item, line.quantity, &options);
                return;
            }
            self.touched.push(at);
            self.note(item, Some(quantity), &options);
            let new = self.read_line(
                OrderLine {
                    product: id,
                    quantity,
                    options,
                },
                confidence,
                span,
            );
            self.changes.push(Change::Replace {
                index: at,
                line: new,
            });
            return;
        }
        // A product asked about before brings the choices that were named with it.
        let options = match self
            .parts
            .standing
            .focus
            .iter()
            .rev()
            .find(|t| t.products[..] == [id.clone()])
        {
            Some(talk) if same.is_empty() => merged(index, item, &talk.options, &line.options),
            _ => line.options,
        };
        self.add(item, line.quantity.unwrap_or(1), options, confidence, span);
    }

    fn amends(&self, sentence: u16) -> bool {
        let has = |s: &Sentence| {
            s.cats.has(Cat::Correction) || s.cats.has(Cat::Change) || s.cats.has(Cat::Instead)
        };
        let near = [
            sentence.checked_sub(1),
            Some(sentence),
            sentence.checked_add(1),
        ];
        near.into_iter()
            .flatten()
            .filter_map(|s| self.cats.at(s))
            .any(has)
    }

    /// The standing line that a line with another product takes the place of.
    fn swapped(
        &self,
        line: &Line,
        item: u32,
        replaced: &[Line],
        amending: bool,
        same: &[usize],
    ) -> Option<usize> {
        let lines = self.standing();
        let free = |i: &usize| !self.touched.contains(i);
        for out in replaced {
            let named = (0..lines.len()).rev().filter(free).find(|i| {
                self.item_of(&lines[*i])
                    .is_some_and(|old| out.items.contains(&old))
            });
            let found = named.or_else(|| self.target_with(out).filter(free));
            if let Some(found) = found {
                return (lines[found].product != self.parts.index.items[item as usize].id)
                    .then_some(found);
            }
        }
        if !amending || !same.is_empty() || line.more {
            return None;
        }
        let alike = |i: &usize| {
            self.item_of(&lines[*i])
                .map_or(0.0, |old| self.parts.index.likeness(old, item))
        };
        let best = (0..lines.len())
            .filter(free)
            .max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
        let instead = self.cats.has(Cat::Instead);
        (alike(&best) >= 1.0 || (instead && lines.len() == 1)).then_some(best)
    }

    /// Whether a line may be the standing one said again, changed or filled in.
    fn fits_standing(standing: &OrderLine, line: &Line, amending: bool) -> bool {
        !conflicts(&standing.options, &line.options) || (amending && !line.more)
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

    fn unclear(&mut self, line: &Line, item: u32) {
        let index = self.parts.index;
        for (value, pick) in &line.unclear {
            let span = self.parts.tokens.span(pick.from, pick.to - 1);
            let values = match pick.source {
                crate::lines::Source::Mention(place) => self.parts.mentions[place as usize]
                    .values
                    .iter()
                    .filter(|f| index.offering(item, f.id).is_some())
                    .map(|f| index.values[f.id as usize].text.to_string())
                    .collect(),
                _ => Vec::new(),
            };
            self.doubts.push(Doubt::UnclearOption {
                product: index.items[item as usize].id.clone(),
                option: index.values[*value as usize].option.to_string(),
                words: self.parts.text[span.start as usize..span.end as usize].to_owned(),
                span,
                values,
            });
        }
    }

    /// A line whose product was left out: it is about the standing order or what was talked about.
    fn left_out(&mut self, line: Line, first: bool, replaced: &[Line]) {
        let index = self.parts.index;
        let span = self.span(&line);
        let unknown = !line.unknown.is_empty();
        if unknown && (line.quantity.is_some() || self.mode(&line) == Mode::Order) {
            self.doubts.push(Doubt::UnknownProduct {
                words: self.words(&line),
                span,
                quantity: line.quantity.unwrap_or(1),
                nearest: Vec::new(),
            });
            return;
        }
        if unknown && line.picks.is_empty() {
            return;
        }
        if self.answer_with_choice(&line) {
            return;
        }
        let out = replaced.iter().find_map(|r| self.target_with(r));
        let amending = self.amends(line.sentence);
        if line.each && line.picks.is_empty() && !self.standing().is_empty() {
            let n = line.quantity.unwrap_or(1);
            for i in 0..self.standing().len() {
                let old = self.standing()[i].clone();
                if old.quantity != n {
                    let new = self.read_line(OrderLine { quantity: n, ..old }, 0.8, span);
                    self.changes.push(Change::Replace {
                        index: i,
                        line: new,
                    });
                }
            }
            return;
        }
        let Some(target) = out.or_else(|| self.target(&line)) else {
            if self.parts.standing.focus.is_empty() && self.only_product(&line) {
                return;
            }
            self.order_talked(line, span);
            return;
        };
        let old = self.standing()[target].clone();
        let Some(item) = self.item_of(&old) else {
            return;
        };
        let mut line = line;
        resolve(&mut line, item, self.parts.mentions, index);
        let options = merged(index, item, &old.options, &line.options);
        let conflict = conflicts(&old.options, &line.options);
        let sentence = self.cats.at(line.sentence);
        let reduces = sentence.is_some_and(|s| s.cats.has(Cat::Reduce));
        let also = sentence.is_some_and(|s| s.cats.has(Cat::Also) || s.cats.has(Cat::And));
        let confidence = if amending || line.more || !conflict {
            0.93
        } else {
            0.75
        };
        if reduces {
            self.drop_line(target, Some(line.quantity.unwrap_or(1)), &line);
            return;
        }
        let fills = !conflict && !line.options.is_empty() && options != old.options;
        let another =
            (line.more || line.same || also || !first) && (conflict || (line.same && !amending));
        let restates = amending && first && !line.more && !line.same;
        if (another && !restates)
            || (conflict && !amending && line.quantity.is_some() && out.is_none())
        {
            self.add(item, line.quantity.unwrap_or(1), options, confidence, span);
            return;
        }
        let quantity = if line.more {
            old.quantity.saturating_add(line.quantity.unwrap_or(1))
        } else {
            line.quantity.unwrap_or(old.quantity)
        };
        if quantity == old.quantity && options == old.options {
            return;
        }
        let _ = fills;
        if self.touched.contains(&target) {
            self.add(item, line.quantity.unwrap_or(1), options, confidence, span);
            return;
        }
        self.touched.push(target);
        self.note(item, Some(quantity), &options);
        let new = self.read_line(
            OrderLine {
                product: old.product,
                quantity,
                options,
            },
            confidence,
            span,
        );
        self.changes.push(Change::Replace {
            index: target,
            line: new,
        });
    }

    /// "two large with tuna and ham": the one product of the catalogue that offers all these choices.
    fn only_product(&mut self, line: &Line) -> bool {
        let index = self.parts.index;
        let wanted = line.picks.iter().filter(|p| !p.negated).count();
        if wanted < 2 || index.items.len() > 500 || !line.unknown.is_empty() {
            return false;
        }
        let mut found = None;
        for item in 0..index.items.len() as u32 {
            let all = line.picks.iter().all(|p| {
                crate::lines::choose(index, self.parts.mentions, item, p.source).is_some()
            });
            if all && found.replace(item).is_some() {
                return false;
            }
        }
        let Some(item) = found else {
            return false;
        };
        let mut line = line.clone();
        resolve(&mut line, item, self.parts.mentions, index);
        let span = self.span(&line);
        self.add(item, line.quantity.unwrap_or(1), line.options, 0.82, span);
        true
    }

    /// "white", after "which one, the black or the white?": a choice or price that only one candidate has.
    fn answer_with_choice(&mut self, line: &Line) -> bool {
        let index = self.parts.index;
        let standing = self.parts.standing;
        for doubt in standing.doubts.iter().rev() {
            let Doubt::AmbiguousProduct {
                words,
                quantity,
                options,
                candidates,
                ..
            } = doubt
            else {
                continue;
            };
            let fitting: Vec<u32> = candidates
                .iter()
                .filter_map(|id| index.by_id.get(id).copied())
                .filter(|item| {
                    line.picks.iter().all(|p| {
                        crate::lines::choose(index, self.parts.mentions, *item, p.source).is_some()
                    })
                })
                .collect();
            if fitting.is_empty() || (line.picks.is_empty() && line.quantity.is_none()) {
                continue;
            }
            let span = self.span(line);
            if let [item] = fitting[..] {
                let mut line = line.clone();
                resolve(&mut line, item, self.parts.mentions, index);
                let options = merged(index, item, options, &line.options);
                self.add(
                    item,
                    line.quantity.unwrap_or(*quantity),
                    options,
                    0.85,
                    span,
                );
                return true;
            }
            if standing.lines.is_empty() || !line.picks.is_empty() {
                let mut with = line.clone();
                with.items = fitting.iter().copied().collect();
                let options = common_options(index, self.parts.mentions, &with)
                    .into_iter()
                    .chain(options.iter().cloned())
                    .collect();
                self.doubts.push(Doubt::AmbiguousProduct {
                    words: words.clone(),
                    span,
                    quantity: line.quantity.unwrap_or(*quantity),
                    options,
                    candidates: candidates.clone(),
                });
                return true;
            }
        }
        false
    }

    /// Orders what was last talked about: "ok 1 in black".
    fn order_talked(&mut self, mut line: Line, span: Span) {
        let index = self.parts.index;
        let Some(talk) = self.parts.standing.focus.last() else {
            return;
        };
        match &talk.products[..] {
            [id] => {
                let Some(item) = index.by_id.get(id).copied() else {
                    return;
                };
                resolve(&mut line, item, self.parts.mentions, index);
                let options = merged(index, item, &talk.options, &line.options);
                let quantity = line.quantity.or(talk.quantity).unwrap_or(1);
                self.add(item, quantity, options, 0.9, span);
            }
            [] => {}
            several => {
                let fitting: SmallVec<[u32; 4]> = several
                    .iter()
                    .filter_map(|id| index.by_id.get(id).copied())
                    .filter(|item| {
                        line.picks.iter().all(|p| {
                            crate::lines::choose(index, self.parts.mentions, *item, p.source)
                                .is_some()
                        })
                    })
                    .collect();
                line.items = fitting;
                match line.items.len() {
                    0 => {}
                    1 => {
                        let item = line.items[0];
                        resolve(&mut line, item, self.parts.mentions, index);
                        self.add(item, line.quantity.unwrap_or(1), line.options, 0.8, span);
                    }
                    _ => self.doubtful(line),
                }
            }
        }
    }

    /// "ok both", "yes I'll take it": orders what was asked about, when nothing else was said.
    fn refer(&mut self) {
        if self.named || !self.changes.is_empty() || !self.doubts.is_empty() {
            return;
        }
        let idle = self.cats.question || self.cats.idle;
        let order = self.cats.order;
        let points = self.cats.has(Cat::This) || self.cats.has(Cat::One);
        if idle || self.cats.has(Cat::Negation) || self.cats.has(Cat::NegationAfter) {
            return;
        }
        let talks: Vec<Talk> = if self.parts.both || self.parts.all {
            let all = &self.parts.standing.focus;
            let keep = if self.parts.both { 2 } else { all.len() };
            all[all.len().saturating_sub(keep)..].to_vec()
        } else if order && points && self.parts.standing.focus.is_empty() {
            self.wanted |= !self.cats.has(Cat::Confirm);
            return;
        } else if order && (points || self.cats.has(Cat::Yes)) {
            self.parts
                .standing
                .focus
                .last()
                .cloned()
                .into_iter()
                .collect()
        } else {
            return;
        };
        if !self.standing().is_empty() && self.cats.has(Cat::Confirm) {
            return;
        }
        let span = Span {
            start: 0,
            end: self.parts.tokens.list.last().map_or(0, |t| t.span.end),
        };
        for talk in talks {
            let [id] = &talk.products[..] else {
                continue;
            };
            let Some(item) = self.parts.index.by_id.get(id).copied() else {
                continue;
            };
            if self.standing().iter().any(|l| l.product == *id) {
                continue;
            }
            self.wanted = true;
            self.add(item, talk.quantity.unwrap_or(1), talk.options, 0.88, span);
        }
    }

    fn confidence(&self, line: &Line) -> f32 {
        let mut sure: f32 = if line.full { 0.98 } else { 0.89 };
        // Choices that were hinted at and not said in full.
        let hinted = line.picks.iter().filter(|p| match p.source {
            crate::lines::Source::Mention(place) => !self.parts.mentions[place as usize]
                .values
                .iter()
                .any(|f| f.full && f.quality > 0.9),
            _ => false,
        });
        sure -= 0.05 * hinted.count().min(3) as f32;
        if line.quality < 0.97 {
            sure -= (1.0 - line.quality) * 0.6;
        }
        if line.inferred {
            sure -= 0.05;
        }
        sure -= 0.08 * f32::from(line.misfits) + 0.1 * line.unclear.len() as f32;
        if let Some(sentence) = self.cats.at(line.sentence) {
            if sentence.mode == Mode::Bare && line.quantity.is_none() {
                sure -= 0.03;
            }
            sure -= 0.03 * sentence.untold.min(4) as f32;
        }
        sure.clamp(0.2, 0.99)
    }

    fn finish(self, cancelled: bool) -> Reading {
        let (intent, intent_confidence) = self.intent(cancelled);
        let mut confidence = intent_confidence;
        for change in &self.changes {
            if let Change::Add { line } | Change::Replace { line, .. } = change {
                confidence = confidence.min(line.confidence);
            }
        }
        if !self.doubts.is_empty() {
            confidence = confidence.min(0.6);
        }
        Reading {
            intent,
            intent_confidence,
            changes: self.changes,
            doubts: self.doubts,
            contact: self.parts.contact.clone(),
            focus: self.focus,
            language: self.parts.tags.language_code().to_owned(),
            confidence,
        }
    }

    fn intent(&self, cancelled: bool) -> (Intent, f32) {
        let has = |cat| self.cats.has(cat);
        let mode = |m| self.cats.list.iter().any(|s| s.mode == m);
        let standing = !self.standing().is_empty();
        if cancelled {
            return (Intent::Cancel, 0.95);
        }
        if !self.changes.is_empty() {
            let emptied = standing
                && self
                    .changes
                    .iter()
                    .all(|c| matches!(c, Change::Remove { .. }))
                && self.changes.len() == self.standing().len();
            if emptied {
                return (Intent::Cancel, 0.8);
            }
            return (
                if standing {
                    Intent::Amend
                } else {
                    Intent::Order
                },
                0.95,
            );
        }
        let contact = !self.parts.contact.is_empty();
        if contact && !self.wanted {
            return (Intent::Contact, 0.93);
        }
        if mode(Mode::Idle) && !mode(Mode::Order) {
            return (Intent::Other, 0.85);
        }
        if mode(Mode::Question) {
            return (Intent::Question, 0.93);
        }
        let refuses = has(Cat::Negation) || has(Cat::NegationAfter) || has(Cat::Thanks);
        if has(Cat::Confirm) && !self.wanted && !refuses {
            return (Intent::Confirm, 0.93);
        }
        if self.wanted || mode(Mode::Order) || !self.doubts.is_empty() {
            return (
                if standing {
                    Intent::Amend
                } else {
                    Intent::Order
                },
                0.85,
            );
        }
        if has(Cat::Yes) && !refuses && standing {
            return (Intent::Confirm, 0.85);
        }
        (Intent::Other, 0.85)
    }
}

fn missing(index: &Index, item: u32, options: &[OptionChoice]) -> Vec<String> {
    index.items[item as usize]
        .sheets
        .iter()
        .map(|s| &index.sheets[*s as usize])
        .filter(|s| s.required && !options.iter().any(|o| *o.name == *s.name && !o.negated))
        .map(|s| s.name.to_string())
        .collect()
}

/// The older options with the newer ones over them, as far as the product offers them.
fn merged(
    index: &Index,
    item: u32,
    old: &[OptionChoice],
    new: &[OptionChoice],
) -> Vec<OptionChoice> {
    let sheets: SmallVec<[&crate::index::Sheet; 4]> = index.items[item as usize]
        .sheets
        .iter()
        .map(|s| &index.sheets[*s as usize])
        .collect();
    let mut out: Vec<OptionChoice> = old
        .iter()
        .filter(|o| {
            let sheet = sheets.iter().find(|s| *s.name == *o.name);
            let offered = sheet.is_some_and(|s| {
                s.values
                    .iter()
                    .any(|v| *index.values[*v as usize].text == *o.value)
            });
            let single = sheet.is_some_and(|s| !s.multiple);
            offered
                && !new
                    .iter()
                    .any(|n| n.name == o.name && (single || n.value == o.value))
        })
        .cloned()
        .collect();
    out.extend(new.iter().cloned());
    out.sort();
    out
}

/// Whether the two say different values of one option (of which one only may be chosen, or the same
/// value wanted and not wanted).
fn conflicts(old: &[OptionChoice], new: &[OptionChoice]) -> bool {
    new.iter()
        .any(|n| old.iter().any(|o| o.name == n.name && o.value != n.value))
}

/// The choices that every candidate offers, in the words of the first.
fn common_options(index: &Index, mentions: &[Mention], line: &Line) -> Vec<OptionChoice> {
    let Some(first) = line.items.first() else {
        return Vec::new();
    };
    let mut own = line.clone();
    own.options.clear();
    resolve(&mut own, *first, mentions, index);
    own.options.retain(|o| {
        line.items.iter().all(|item| {
            index.items[*item as usize].sheets.iter().any(|s| {
                let sheet = &index.sheets[*s as usize];
                *sheet.name == *o.name
                    && sheet
                        .values
                        .iter()
                        .any(|v| *index.values[*v as usize].text == *o.value)
            })
        })
    });
    own.options
}
