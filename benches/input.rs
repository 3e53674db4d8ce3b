//! How fast lists become targets: a million distinct names, plain, ranked, as a table, a zone file, and compressed.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stscan::exclusion::Exclusion;
use stscan::input::{Input, InputOptions};

const NAMES: u64 = 1_000_000;

/// A line for each name; names have the lengths of real ones (14 octets on average).
fn list(line: impl Fn(&mut String, u64, &str)) -> String {
    let mut text = String::new();
    for index in 0..NAMES {
        let name = format!("{:x}.{}", index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24, ["com", "net", "org", "de"][index as usize % 4]);
        line(&mut text, index + 1, &name);
    }
    text
}

fn read(path: &Path, registrable: bool) -> u64 {
    let sources = vec![path.display().to_string()];
    let options = InputOptions { sources, registrable, ..InputOptions::default() };
    let input = Input::open(&options, &Exclusion::default());
    input.map_or(0, |input| input.filter(|target| black_box(target).is_ok()).count() as u64)
}

fn lists(criterion: &mut Criterion) {
    let Ok(folder) = tempfile::tempdir() else { return };
    let plain = list(|text, _, name| _ = writeln!(text, "{name}"));
    let ranked = list(|text, rank, name| _ = writeln!(text, "{rank},{name}"));
    let table = list(|text, rank, name| _ = writeln!(text, "{}https://{name},{rank}", if rank == 1 { "origin,rank\n" } else { "" }));
    let zone = list(|text, _, name| _ = writeln!(text, "{name}.\t86400\tin\tns\tns1.example.net."));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let gz = packed.write_all(ranked.as_bytes()).and_then(|()| packed.finish()).unwrap_or_default();
    let zst = zstd::encode_all(ranked.as_bytes(), 3).unwrap_or_default();
    let mut group = criterion.benchmark_group("input");
    group.sample_size(10).throughput(Throughput::Elements(NAMES));
    let kinds: [(&str, &[u8], bool); 7] = [
        ("plain", plain.as_bytes(), false),
        ("ranked", ranked.as_bytes(), false),
        ("ranked-registrable", ranked.as_bytes(), true),
        ("table", table.as_bytes(), false),
        ("zone", zone.as_bytes(), false),
        ("ranked-gz", &gz, false),
        ("ranked-zst", &zst, false),
    ];
    for (kind, bytes, registrable) in kinds {
        let path = folder.path().join(kind);
        if fs::write(&path, bytes).is_ok() {
            assert_eq!(read(&path, registrable), NAMES, "{kind}");
            group.bench_function(kind, |bencher| bencher.iter(|| read(&path, registrable)));
        }
    }
    group.finish();
}

criterion_group!(benches, lists);
criterion_main!(benches);
