//! The events' own states: the mark that makes their effects happen exactly once.

use uuid::Uuid;

use super::CommitError;
use super::effects::{LaneEffects, Outcome};
use crate::db::{Dialect, Link, on, run};

/// Marks every named event. One that is not pending any more was processed by somebody else.
pub(super) async fn outcomes(link: &mut Link, lanes: &[LaneEffects]) -> Result<(), CommitError> {
    let mut wanted = 0;
    let mut marked = 0;
    for (seller, done) in done_by_seller(lanes) {
        wanted += done.len() as u64;
        for chunk in done.chunks(crate::db::ROWS_MAX) {
            marked += on!(link, |c, B| {
                let mut query = sqlx::QueryBuilder::<B>::new(
                    "UPDATE inbound_events SET state = 'done', reason = NULL, seller_id = ",
                );
                query.push_bind(seller);
                query.push(" WHERE state = 'pending' AND id");
                Dialect::push_uuids(&mut query, chunk);
                query.build().execute(c).await.map(|d| d.rows_affected())
            })?;
        }
    }
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
                    // Those behind it wait as well; else the claim would look at them each time.
                    run!(
                        link,
                        "UPDATE inbound_events SET due_at = $2 WHERE state = 'pending' AND lane = \
                         (SELECT lane FROM inbound_events WHERE id = $1) AND id > $1 AND due_at < $2",
                        id.0,
                        at.0
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

fn done_by_seller(lanes: &[LaneEffects]) -> Vec<(Option<Uuid>, Vec<Uuid>)> {
    let mut groups: Vec<(Option<Uuid>, Vec<Uuid>)> = Vec::new();
    for lane in lanes {
        let seller = lane.seller_id.map(|s| s.0);
        let done = lane
            .outcomes
            .iter()
            .filter(|(_, outcome)| *outcome == Outcome::Done)
            .map(|(id, _)| id.0);
        match groups.iter_mut().find(|(s, _)| *s == seller) {
            Some((_, ids)) => ids.extend(done),
            None => groups.push((seller, done.collect())),
        }
    }
    groups.retain(|(_, ids)| !ids.is_empty());
    groups
}
