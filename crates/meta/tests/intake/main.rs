//! Intake of webhook bodies, through the public door: the table of shapes, and totality.

mod shapes;
mod table;
mod total;
