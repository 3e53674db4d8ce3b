//! The models of senders against what the senders themselves made of the published vectors.

mod vector_file;

use std::collections::BTreeMap;

use serde_json::Value;
use stscan::parse::senders::Sender;
use vector_file::{body, of_kind, records, strings};

/// What is not modelled: the vector, the sender, the reason.
const NOT_MODELLED: &[(&str, Sender, &str)] =
    &[("mx_match-013", Sender::Mox, "an asterisk in the name of the MX is refused before the policy is asked")];

/// Compares what the models say with what was recorded; a sender whose model says nothing of a vector is left out.
fn compare(kind: &str, least: usize, model: impl Fn(Sender, &Value) -> Option<bool>) {
    let mut agreement: BTreeMap<Sender, (usize, usize)> = BTreeMap::new();
    let mut wrong = String::new();
    for vector in of_kind(kind) {
        let recorded = [("accept", true), ("reject", false)];
        for (word, accepted) in recorded {
            for sender in strings(&vector["peers_run"][word]).iter().map(|name| Sender::from_word(name).unwrap()) {
                let Some(modelled) = model(sender, &vector) else { continue };
                let listed = NOT_MODELLED.iter().any(|&(id, who, _)| vector["id"] == id && who == sender);
                let counts = agreement.entry(sender).or_default();
                counts.0 += usize::from(modelled == accepted);
                counts.1 += 1;
                if (modelled == accepted) == listed {
                    wrong += &format!("{}: {sender} is recorded to {word} {}\n", vector["id"], vector["input"]);
                }
            }
        }
    }
    assert!(agreement.len() >= 6 && agreement.values().all(|(_, all)| *all >= least), "vectors are missing: {agreement:?}");
    assert!(wrong.is_empty(), "agreed, of all: {agreement:?}\n{wrong}");
}

#[test]
fn records_are_found_as_recorded() {
    compare("sts_txt", 64, |sender, vector| Some(sender.finds_record(&records(vector))));
}

#[test]
fn policies_are_read_as_recorded() {
    compare("policy", 111, |sender, vector| Some(sender.reads_policy(&body(&vector["input"]), Some(b"text/plain")).is_some()));
}

#[test]
fn patterns_match_as_recorded() {
    let text = |vector: &Value, name: &str| vector["input"][name].as_str().unwrap().to_owned();
    compare("mx_match", 24, |sender, vector| sender.covers(&text(vector, "pattern"), &text(vector, "host")));
}
