//! The models of senders against what the senders themselves made of the published vectors.

#![allow(clippy::unwrap_used)] // Helpers of tests; clippy.toml covers only the tests themselves.

mod vector_file;

use std::collections::BTreeMap;

use serde_json::Value;
use stscan::evidence::Txt;
use stscan::parse::senders::Sender;
use vector_file::{body, of_kind, records, strings};

/// What is not modelled: the vector, the sender, the reason.
const NOT_MODELLED: &[(&str, Sender, &str)] =
    &[("mx_match-013", Sender::Mox, "an asterisk in the name of the MX is refused before the policy is asked")];

/// Compares what the models say with what was recorded; a sender whose model says nothing of a vector is left out.
fn compare(kind: &str, senders: usize, least: usize, model: impl Fn(Sender, &Value) -> Option<bool>) {
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
    assert!(agreement.len() >= senders && agreement.values().all(|(_, all)| *all >= least), "vectors are missing: {agreement:?}");
    assert!(wrong.is_empty(), "agreed, of all: {agreement:?}\n{wrong}");
}

#[test]
fn records_are_found_as_recorded() {
    compare("sts_txt", 6, 64, |sender, vector| Some(sender.finds_record(&records(vector))));
}

#[test]
fn reports_are_sent_as_recorded() {
    compare("tlsrpt_txt", 2, 57, |sender, vector| sender.sends_reports_to(&records(vector)).map(|found| !found.is_empty()));
}

/// Where reports go by a valid record is what the record says, whoever reads it.
#[test]
fn reports_go_where_the_record_says() {
    for vector in of_kind("tlsrpt_txt").iter().filter(|vector| vector["expect"] == "valid" && vector["detail"]["rua"].is_array()) {
        for sender in [Sender::Mox, Sender::Stalwart] {
            assert_eq!(sender.sends_reports_to(&records(vector)).unwrap(), strings(&vector["detail"]["rua"]), "{} {sender}", vector["id"]);
        }
    }
    let several = |text: &str| Sender::Stalwart.sends_reports_to(&[Txt(vec![text.as_bytes().to_vec()])]).unwrap();
    assert_eq!(several("v=TLSRPTv1; rua=mailto:a@b.example,ftp://c.example/,mailto:d@e.example"), ["mailto:a@b.example"]);
    assert_eq!(Sender::Chasquid.sends_reports_to(&[]), None);
}

#[test]
fn policies_are_read_as_recorded() {
    compare("policy", 6, 111, |sender, vector| Some(sender.reads_policy(&body(&vector["input"]), Some(b"text/plain")).is_some()));
}

/// What a sender reads where it accepts a valid policy: as the RFC has it, unless the vector notes `NAME mode=WORD`.
#[test]
fn policies_mean_what_was_recorded() {
    for vector in of_kind("policy").iter().filter(|vector| vector["expect"] == "valid" && vector["detail"]["mode"].is_string()) {
        for sender in Sender::ALL {
            let Some(policy) = sender.reads_policy(&body(&vector["input"]), Some(b"text/plain")) else { continue };
            let noted = vector["peers_disagree"].as_str().unwrap();
            let other = noted.split_once(&format!("{sender} mode=")).map(|(_, rest)| rest.split(';').next().unwrap());
            let expected = other.or(vector["detail"]["mode"].as_str()).unwrap();
            assert_eq!(policy.mode.as_str(), expected, "{} {sender}", vector["id"]);
            assert_eq!(policy.max_age, vector["detail"]["max_age"].as_u64().unwrap(), "{} {sender}", vector["id"]);
        }
    }
}

#[test]
fn the_content_type_matters_to_some() {
    let policy = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n";
    let readers = |content_type: Option<&str>| -> String {
        let reads = |sender: &&Sender| sender.reads_policy(policy.as_bytes(), content_type.map(str::as_bytes)).is_some();
        Sender::ALL.iter().filter(reads).map(|sender| sender.as_str()).collect::<Vec<_>>().join(" ")
    };
    let careless = "mailauth mox stalwart";
    assert_eq!(readers(None), careless);
    assert_eq!(readers(Some("text/html")), careless);
    assert_eq!(readers(Some("text/plain; charset")), "kumomta mailauth mox postfix-mta-sts-resolver stalwart");
    let all_but_kumomta = "chasquid go-mtasts mailauth mox postfix-mta-sts-resolver postfix-tlspol stalwart";
    assert_eq!(readers(Some("Text/Plain; charset=utf-8;")), all_but_kumomta);
}

/// What the vectors leave open: the size at which reading ends, encodings, keys over line ends.
#[test]
fn bodies_that_no_vector_has() {
    let reads = |sender: Sender, body: &[u8], media: &str| sender.reads_policy(body, Some(media.as_bytes())).is_some();
    let policy = "mode: enforce\nmx: mail.example.com\nmax_age: 604800\n";
    let late = format!("note: {}\nversion: STSv1\n{policy}", "x".repeat(10_240));
    let accented = format!("version: STSv1\n{policy}note: caf\u{e9}\n");
    let broken = [accented.trim_end().as_bytes(), b"\xff\n"].concat();
    assert!(!reads(Sender::Chasquid, late.as_bytes(), "text/plain") && reads(Sender::Mailauth, late.as_bytes(), "text/plain"));
    assert!(!reads(Sender::PostfixMtaStsResolver, accented.as_bytes(), "text/plain"));
    assert!(reads(Sender::PostfixMtaStsResolver, accented.as_bytes(), "text/plain; charset=utf-8"));
    assert!(reads(Sender::Mox, &broken, "text/plain") && !reads(Sender::PostfixTlspol, &broken, "text/plain"));
    assert!(!reads(Sender::Stalwart, &broken, "text/plain"));
    let swallowed = Sender::Stalwart.reads_policy(format!("version: STSv1\njunk\n{policy}").as_bytes(), None).unwrap();
    assert_eq!(swallowed.mode.as_str(), "none", "the junk and the line of the mode are one key");
}

#[test]
fn patterns_match_as_recorded() {
    let text = |vector: &Value, name: &str| vector["input"][name].as_str().unwrap().to_owned();
    compare("mx_match", 6, 24, |sender, vector| sender.covers(&text(vector, "pattern"), &text(vector, "host")));
}
