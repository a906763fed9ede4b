//! The commands, one file a subject.

pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod operate;
pub(crate) mod parse;
pub(crate) mod product;
pub(crate) mod seller;
pub(crate) mod serve;
pub(crate) mod sync;
