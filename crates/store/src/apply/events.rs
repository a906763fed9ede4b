//! The events' own states: the mark that makes their effects happen exactly once.

use uuid::Uuid;

use super::CommitError;
use super::effects::{LaneEffects, Outcome};
use crate::db::{Dialect, Link, on, run};

/// Marks every named event. One that is not pending any more was processed by somebody else.
pub(super) async fn outcomes(link: &mut Link, lanes: &[LaneEffects]) -> Result<(), CommitError> {
    let done: Vec<(Uuid, Option<Uuid>)> = lanes
        .iter()
        .flat_map(|lane| {
            let done = lane.outcomes.iter().filter(|(_, o)| *o == Outcome::Done);
            done.map(|(id, _)| (id.0, lane.seller_id.map(|s| s.0)))
        })
        .collect();
    let mut wanted = done.len() as u64;
    let mut marked = 0;
    on!(link, |c, B| {
        for chunk in done.chunks(<B as Dialect>::ROWS) {
            let mut query = sqlx::QueryBuilder::<B>::new(
                "UPDATE inbound_events SET state = 'done', reason = NULL, seller_id = v.column2 \
                 FROM (",
            );
            query.push_values(chunk, |mut b, (id, seller)| {
                b.push_bind(*id).push_bind(*seller);
            });
            let keep = <B as Dialect>::complete_rows(&mut query, chunk.len());
            query.push(
                ") AS v WHERE inbound_events.state = 'pending' AND inbound_events.id = v.column1",
            );
            let query = query.build().persistent(keep);
            marked += query.execute(&mut *c).await?.rows_affected();
        }
    });
    for lane in lanes {
        for (id, outcome) in &lane.outcomes {
            let (state, reason) = match outcome {
                Outcome::Done => continue,
                Outcome::Retry { at, reason } => {
                    wanted += 1;
                    marked += run!(
                        link,
                        "UPDATE inbound_events SET attempts = attempts + 1, due_at = $2, \
                         reason = $3, seller_id = $4 WHERE id = $1 AND state = 'pending'",
                        id.0,
                        at.0,
                        reason,
                        lane.seller_id.map(|s| s.0)
                    )?;
                    continue;
                }
                Outcome::Unrouted { reason } => ("unrouted", reason),
                Outcome::Failed { reason } => ("failed", reason),
                Outcome::Kept { reason } => ("kept", reason),
            };
            wanted += 1;
            marked += run!(
                link,
                "UPDATE inbound_events SET state = $2, reason = $3, seller_id = $4, \
                 attempts = attempts + 1 WHERE id = $1 AND state = 'pending'",
                id.0,
                state,
                reason,
                lane.seller_id.map(|s| s.0)
            )?;
        }
    }
    if marked == wanted {
        Ok(())
    } else {
        Err(CommitError::Conflict)
    }
}
