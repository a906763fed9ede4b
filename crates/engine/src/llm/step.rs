//! Asking the second reader: outside of any transaction, some time after the message was read.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use domain::catalog::RetailerId;
use domain::draft::book::SecondReading;
use domain::reading::{Change, Doubt, Intent, Reading, Standing};
use tracing::debug;

use super::event::{Reread, Unsure};
use super::{Question, check, nearest};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::tasks::Step;

/// Below this confidence the embedded reading is unsure.
const SURE: f32 = 0.75;
/// Messages that wait to be asked about; later ones go without a second opinion.
const QUEUE_MAX: usize = 256;

/// Messages that wait to be asked about. Lost with the process: a second opinion is no promise.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<VecDeque<Unsure>>);

impl Queue {
    pub(crate) fn push(&self, unsure: Unsure) -> bool {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = queue.len() < QUEUE_MAX;
        if fits {
            queue.push_back(unsure);
        }
        fits
    }

    fn pop(&self) -> Option<Unsure> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }
}

/// Whether a second opinion is worth asking for.
pub(crate) fn is_unsure(reading: &Reading) -> bool {
    let about_goods = !matches!(
        reading.intent,
        Intent::Confirm | Intent::Cancel | Intent::Contact
    );
    about_goods && (!reading.doubts.is_empty() || reading.confidence < SURE)
}

impl Engine {
    /// Asks the second reader about one message; its answer comes back as an event.
    pub async fn llm_step(&self) -> Result<Step, EngineError> {
        let Some(llm) = &self.0.llm else {
            return Ok(Step::Nothing);
        };
        let Some(unsure) = self.0.unsure.pop() else {
            return Ok(Step::Nothing);
        };
        let snapshot = self.snapshot(unsure.seller).await?;
        let named = named(&unsure.embedded, &unsure.before);
        let question = Question {
            text: &unsure.text,
            standing: &unsure.before,
            products: nearest(&unsure.text, &named, snapshot.catalog.products()),
        };
        let answer = match llm.ask(&question, self.now()).await {
            Ok(answer) => answer,
            Err(why) => {
                metrics::counter!("eziseller_second_readings_total", "result" => "none")
                    .increment(1);
                debug!("the embedded reading stays: {why}");
                return Ok(Step::Did(1));
            }
        };
        let standing = Standing {
            lines: unsure.before.clone(),
            ..Standing::default()
        };
        let reading = check::reading(
            &answer,
            &unsure.text,
            &standing,
            &unsure.embedded,
            &*snapshot.catalog,
        );
        let word = if reading.is_some() {
            "taken"
        } else {
            "refused"
        };
        metrics::counter!("eziseller_second_readings_total", "result" => word).increment(1);
        if let Some(reading) = reading {
            let reread = Reread {
                mid: unsure.mid.clone(),
                text: unsure.text.clone(),
                second: Box::new(SecondReading {
                    before: unsure.before.clone(),
                    reading,
                }),
            };
            let now = self.now();
            self.0
                .intake
                .store(vec![reread.event(&unsure, now)], now)
                .await;
        }
        Ok(Step::Did(1))
    }
}

/// The products that the embedded reading and the order name.
fn named<'a>(
    reading: &'a Reading,
    before: &'a [domain::reading::OrderLine],
) -> Vec<&'a RetailerId> {
    let mut named: Vec<&RetailerId> = before.iter().map(|line| &line.product).collect();
    for change in &reading.changes {
        match change {
            Change::Add { line } | Change::Replace { line, .. } => named.push(&line.line.product),
            Change::Remove { .. } | Change::Clear => {}
        }
    }
    for doubt in &reading.doubts {
        match doubt {
            Doubt::AmbiguousProduct { candidates, .. } => named.extend(candidates),
            Doubt::UnknownProduct { nearest, .. } => named.extend(nearest),
            Doubt::UnclearOption { product, .. } => named.push(product),
        }
    }
    named
}
