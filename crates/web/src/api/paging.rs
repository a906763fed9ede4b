//! Lists by pages: a cursor that says where the last page ended.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::limits;
use crate::problem::Problem;

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Rows of a page, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before; left out: the first page.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// How many rows, within the limits.
    pub(crate) fn rows(&self) -> Result<u32, Problem> {
        match self.limit {
            None => Ok(limits::PAGE_ROWS_DEFAULT),
            Some(n) if (1..=limits::PAGE_ROWS_MAX).contains(&n) => Ok(n),
            Some(_) => Err(Problem::field("limit", "use a number from 1 to 200")),
        }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listing<T: ToSchema> {
    /// The rows, newest first unless the list says otherwise.
    pub items: Vec<T>,
    /// Send it as `cursor` for the next page; null: this was the last.
    pub next_cursor: Option<String>,
}
