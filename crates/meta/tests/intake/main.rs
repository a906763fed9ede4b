//! Intake of webhook bodies, through the public door: the table of shapes, and totality.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod shapes;
mod table;
mod total;
