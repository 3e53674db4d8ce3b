//! Which code stands for which kind of fault: a table that is only compiled if every kind has one.

use crate::parse::FaultKind;

use super::super::rule::Code;
use super::{policy_fields, policy_mx, policy_text, record, rua, tlsrpt};

const FAMILIES: &[&[Code]] = &[record::CODES, policy_text::CODES, policy_fields::CODES, policy_mx::CODES, tlsrpt::CODES, rua::CODES];

static BY_KIND: [Code; FaultKind::ALL.len()] = by_kind();

const fn by_kind() -> [Code; FaultKind::ALL.len()] {
    let mut table = [None; FaultKind::ALL.len()];
    let mut family = 0;
    while family < FAMILIES.len() {
        let mut at = 0;
        while at < FAMILIES[family].len() {
            let code = FAMILIES[family][at];
            match code.rule().fault {
                Some(kind) if table[kind as usize].is_none() => table[kind as usize] = Some(code),
                Some(kind) => panic!("{}", kind.name()), // Two codes stand for this kind of fault.
                None => panic!("{}", code.as_str()),     // Judged from the evidence: it belongs beside its judgement.
            }
            at += 1;
        }
        family += 1;
    }
    let mut codes = [record::CODES[0]; FaultKind::ALL.len()];
    let mut at = 0;
    while at < codes.len() {
        codes[at] = match table[at] {
            Some(code) => code,
            None => panic!("{}", FaultKind::ALL[at].name()), // No code stands for this kind of fault.
        };
        at += 1;
    }
    codes
}

impl From<FaultKind> for Code {
    fn from(kind: FaultKind) -> Self {
        BY_KIND[kind as usize]
    }
}
