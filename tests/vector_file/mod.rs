//! The published vectors, read for tests.

#![allow(clippy::unwrap_used)] // Helpers of tests; clippy.toml covers only the tests themselves.

use serde_json::Value;
use stscan::evidence::Txt;

pub fn vectors(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn of_kind(kind: &str) -> Vec<Value> {
    let vectors: Vec<Value> = vectors("vectors.jsonl").into_iter().filter(|vector| vector["kind"] == kind).collect();
    assert!(vectors.len() > 20, "{kind}: only {} vectors", vectors.len());
    vectors
}

pub fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap().to_owned()).collect()
}

pub fn records(vector: &Value) -> Vec<Txt> {
    let records = vector["input"]["records"].as_array().cloned().unwrap_or_default();
    records.iter().map(|record| Txt(strings(record).into_iter().map(String::into_bytes).collect())).collect()
}

/// A body as the vectors write it: a text, base64, or a repetition.
pub fn body(input: &Value) -> Vec<u8> {
    if let Some(base64) = input["base64"].as_str() {
        return from_base64(base64);
    }
    if let Some(repeat) = input.get("repeat") {
        let part = |name: &str| repeat[name].as_str().unwrap_or_default().to_owned();
        let times = usize::try_from(repeat["times"].as_u64().unwrap()).unwrap();
        return (part("prefix") + &part("unit").repeat(times) + &part("suffix")).into_bytes();
    }
    input.as_str().unwrap().as_bytes().to_vec()
}

fn from_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for digit in text.bytes().filter_map(|byte| ALPHABET.iter().position(|&letter| letter == byte)) {
        bits = (bits << 6 | u32::try_from(digit).unwrap()) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}
