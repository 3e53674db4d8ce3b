//! Bulk scanner and research-dataset generator for MTA-STS and SMTP TLS reporting.

pub mod classify;
pub mod cli;
pub mod dataset;
pub mod evidence;
pub mod exclusion;
pub mod input;
pub mod lab;
pub mod name;
pub mod observe;
pub mod parse;
pub mod scan;
pub mod ui;
mod vocabulary;
