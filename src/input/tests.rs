//! Lists from the file to the last target.

use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tempfile::TempDir;

use super::options::DEFAULT_MEMORY;
use super::preparation::Step;
use super::reject::Reason;
use super::*;
use crate::exclusion::Exclusion;

/// Lists in a folder of their own.
struct Lists {
    folder: TempDir,
    options: InputOptions,
}

impl Lists {
    fn new(files: &[&[u8]]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |(index, bytes): (usize, &&[u8])| {
            let path = folder.path().join(format!("list-{index}"));
            fs::write(&path, bytes).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let sources = files.iter().enumerate().map(write).collect();
        let options = InputOptions { sources, spool_dir: folder.path().join("spool"), ..InputOptions::default() };
        Self { folder, options }
    }

    fn read(&self) -> Result<Outcome, InputError> {
        self.read_without(&Exclusion::default())
    }

    fn read_without(&self, exclusion: &Exclusion) -> Result<Outcome, InputError> {
        let rejected = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&rejected);
        let mut input = Input::open(&self.options, exclusion)?.with_rejects(move |line: &Rejected<'_>| {
            sink.lock().unwrap().push((line.line, line.text.clone(), line.reason.clone()));
            Ok(())
        });
        let mut targets = Vec::new();
        while let Some(target) = input.next() {
            let accounting = input.accounting();
            assert_eq!(accounting.accounted(), accounting.lines);
            targets.push(target?);
        }
        let accounting = input.accounting();
        assert!(accounting.accounted() == accounting.lines && input.next().is_none());
        assert_eq!(input.progress().read, input.progress().total);
        assert!(targets.iter().zip(0..).all(|(target, ordinal)| target.ordinal == ordinal));
        let rejected = std::mem::take(&mut *rejected.lock().unwrap());
        assert_eq!(rejected.len() as u64, accounting.rejected);
        Ok(Outcome { targets, rejected, accounting, unchecked: input.unchecked() })
    }
}

struct Outcome {
    targets: Vec<Target>,
    rejected: Vec<(u64, String, Reason)>,
    accounting: Accounting,
    unchecked: u64,
}

impl Outcome {
    fn names(&self) -> Vec<&str> {
        self.targets.iter().map(|target| target.domain.as_str()).collect()
    }

    fn ranks(&self) -> Vec<(&str, Option<i32>)> {
        self.targets.iter().map(|target| (target.domain.as_str(), target.rank)).collect()
    }
}

fn names(bytes: &[u8]) -> Vec<String> {
    Lists::new(&[bytes]).read().unwrap().names().into_iter().map(str::to_owned).collect()
}

fn error(bytes: &[u8]) -> String {
    Lists::new(&[bytes]).read().err().unwrap().to_string()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    let mut writer = zstd::Encoder::new(Vec::new(), 1).unwrap();
    writer.include_checksum(true).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in members {
        match name.strip_suffix('/') {
            Some(folder) => writer.add_directory(folder, options).unwrap(),
            None => {
                writer.start_file(*name, options).unwrap();
                writer.write_all(bytes).unwrap();
            }
        }
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_target_knows_its_file_and_line() {
    let members: &[(&str, &[u8])] = &[("a.csv", b"# x\nexample.com\n"), ("sub/b.csv", b"example.com\n\nexample.edu\n")];
    let files: [&[u8]; 4] = [
        b"domain,owner\nexample.org,a\n\"www.example.net\",\"b\"\nexample.org,c\n",
        &gz(b"no name\r\n\r\nexample.info\r\n"),
        &zip(members, zip::CompressionMethod::Deflated),
        &zip(&[("alone.txt", b"example.dev\n")], zip::CompressionMethod::Stored),
    ];
    let mut lists = Lists::new(&files);
    let places = |lists: &Lists| -> Vec<String> {
        let folder = format!("{}/", lists.folder.path().display());
        let place = |target: Target| format!("{} {}:{}", target.domain, target.file.unwrap(), target.line.unwrap()).replace(&folder, "");
        lists.read().unwrap().targets.into_iter().map(place).collect()
    };
    let whole = [
        "example.org list-0:2",
        "www.example.net list-0:3",
        "example.info list-1:3",
        "example.com list-2:a.csv:2",
        "example.edu list-2:sub/b.csv:3",
        "example.dev list-3:1",
    ];
    assert_eq!(places(&lists), whole);
    lists.options.registrable = true;
    assert_eq!(places(&lists)[1], "example.net list-0:3", "the name as it is listed stands there");
}

const TWO: &[u8] = b"1,example.com\n2,example.org\n";

#[test]
fn compression_is_found_by_content() {
    let junk: &[(&str, &[u8])] =
        &[("folder/", b""), ("__MACOSX/._a", b"x"), (".DS_Store", b"x"), ("top.csv", TWO), ("more.csv", b"3,example.net\n")];
    let twice = [gz(b"1,example.com\n"), gz(b"2,example.org\n")].concat();
    let frames = [zst(b"1,example.com\n"), zst(b"2,example.org\n")].concat();
    let skippable = [b"\x50\x2a\x4d\x18\x03\0\0\0abc".as_slice(), &zst(TWO)].concat();
    let lists = [
        TWO.to_vec(),
        gz(TWO),
        zst(TWO),
        twice,
        frames,
        skippable,
        gz(&zst(TWO)),
        zip(&[("a.csv.gz", &gz(TWO))], zip::CompressionMethod::Stored),
    ];
    for list in lists {
        assert_eq!(names(&list), ["example.com", "example.org"]);
    }
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        assert_eq!(names(&zip(junk, method)), ["example.com", "example.org", "example.net"]);
    }
}

#[test]
fn damage_is_an_error_and_never_silent() {
    let many: Vec<u8> =
        (0..20_000_u32).flat_map(|index| format!("{:x}.example\n", index.wrapping_mul(2_654_435_761)).into_bytes()).collect();
    let deflated = zip(&[("a", &many)], zip::CompressionMethod::Deflated);
    for (whole, kind) in [(gz(&many), "gz"), (zst(&many), "zst"), (deflated, "zip")] {
        for end in [whole.len() / 2, whole.len() - 1] {
            let message = error(&whole[..end]);
            assert!(message.contains("damaged") && message.contains(kind) && message.contains("list-0"), "{message}");
        }
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 0x55;
        assert!(error(&flipped).contains("damaged"), "{kind}");
    }
    let mut stored = zip(&[("a", TWO)], zip::CompressionMethod::Stored);
    let at = stored.windows(7).position(|window| window == b"example").unwrap();
    stored[at] = b'X';
    assert!(error(&stored).contains("checksum"), "{}", error(&stored));
}

#[test]
fn what_holds_no_lines_says_so() {
    let mut tar = vec![0; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    for (bytes, expected) in [
        (zip(&[], zip::CompressionMethod::Stored), "holds no file"),
        (zip(&[("only/", b"")], zip::CompressionMethod::Stored), "holds no file"),
        (zip(&[("[Content_Types].xml", b"x"), ("xl/workbook.xml", b"x")], zip::CompressionMethod::Stored), "an Excel workbook"),
        (gz(&tar), "a tar archive"),
        (b"\xff\xfea\0.\0".to_vec(), "UTF-16"),
        (b"\xfd7zXZ\0\0".to_vec(), "xz"),
        ((0..9).fold(TWO.to_vec(), |bytes, _| gz(&bytes)), "compressed too many times"),
    ] {
        let message = error(&bytes);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn all_members_of_an_archive_are_one_list_each_detected_by_itself() {
    let members: &[(&str, &[u8])] = &[
        ("b/ranks.csv", TWO),
        ("b/", b""),
        ("a.zone", b"$ORIGIN net.\nexample NS x.\nexample NS y.\n"),
        ("__MACOSX/b/._ranks.csv", b"\0\0\0\0"),
        ("origins.csv.gz", &gz(b"origin,rank\nhttps://example.edu,1000\nhttps://example.com,1000\n")),
        ("empty.txt", b""),
        ("readme.txt", b"All about these lists.\n"),
    ];
    let lists = Lists::new(&[&zip(members, zip::CompressionMethod::Deflated)]);
    let outcome = lists.read().unwrap();
    assert_eq!(outcome.ranks(), [("example.com", Some(1)), ("example.org", Some(2)), ("example.net", None), ("example.edu", Some(1000))]);
    let expected = Accounting { lines: 9, rows: 4, rejected: 1, duplicates: 2, blank: 2, ..Accounting::default() };
    assert_eq!(outcome.accounting, expected);
    assert!(outcome.targets.iter().all(|target| &*target.list == "list-0"));
    assert_eq!(outcome.rejected[0].0, 1, "lines are numbered within their member");
    let mut sources = Vec::new();
    let input = Input::open(&lists.options, &Exclusion::default()).unwrap();
    let (sender, rejected) = std::sync::mpsc::channel();
    input.with_rejects(move |line: &Rejected<'_>| sender.send(line.source.to_owned()).map_err(std::io::Error::other)).for_each(drop);
    sources.extend(rejected);
    assert!(sources[0].ends_with("list-0:readme.txt"), "{sources:?}");
}

/// An archive whose member has another method of packing, or a password, in both of its heads.
fn doctored(local: usize, central: usize, value: u8) -> Vec<u8> {
    let mut bytes = zip(&[("in.csv", TWO)], zip::CompressionMethod::Stored);
    let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[local] = value;
    bytes[directory + central] = value;
    bytes
}

/// An archive that says that it unpacks to gigabytes.
fn bomb() -> Vec<u8> {
    let mut bytes = zip(&[("in.csv", TWO)], zip::CompressionMethod::Deflated);
    let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[directory + 24..directory + 28].copy_from_slice(&0xf000_0000_u32.to_le_bytes());
    bytes
}

/// An archive, both members of which are the bytes of the first.
fn overlapping() -> Vec<u8> {
    let mut bytes = zip(&[("a.csv", TWO), ("b.csv", TWO)], zip::CompressionMethod::Stored);
    let second = bytes.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    bytes[second + 42..second + 46].fill(0);
    bytes
}

#[test]
fn archives_that_cannot_be_read_say_why() {
    let nested = zip(&[("in.zip", &zip(&[("a", TWO)], zip::CompressionMethod::Stored)), ("b", TWO)], zip::CompressionMethod::Stored);
    let zeros = vec![b'\n'; 100 << 20];
    for (bytes, said) in [
        (doctored(6, 8, 1), "its member \"in.csv\" is encrypted; unpack it"),
        (doctored(8, 10, 12), "its member \"in.csv\" is packed by a method that is not supported"),
        (nested, "list-0:in.zip\" is a zip archive within another archive; unpack it first"),
        (bomb(), "its 1 files unpack to 4026531840 bytes, which is more than 200 times its size"),
        (overlapping(), "is refused, as its files overlap"),
        (gz(&zeros), "it unpacks to more than 200 times its size"),
        (zst(&zeros), "it unpacks to more than 200 times its size"),
    ] {
        let message = error(&bytes);
        assert!(message.contains(said) && !message.contains("damaged"), "{message}");
    }
}

#[test]
fn a_list_that_yields_no_name_is_an_error_that_shows_its_beginning() {
    let utf16: Vec<u8> = "example.com\n".repeat(9).encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, said) in [
        (&b"<!DOCTYPE html>\n<html>\nHome\nexample.com\n"[..], "is an HTML page, not a list of domains. It begins:\n  1: <!DOCTYPE html>"),
        (b"{\"domain\": \"example.com\"}\n{\"domain\": \"example.org\"}\n", "it looks like JSON"),
        (b"b\xfccher.example\n\xe4.example\n", "it looks like Latin-1 or another 8-bit encoding: save it as UTF-8"),
        (b"Acme,example.com,x\nB,example.org,y\n", "name the column that holds the names with --column"),
        (&utf16, "is UTF-16 text (save it as UTF-8)"),
        (&[0, 159, 146, 150, 255, 10, 7].repeat(500), "is a binary file"),
        (&[b','; 500_000], "1 of its 1 lines are no names (line 1: the line is longer than"),
        (b"a b\n\x1b[31mred\x1b[0m\n", "2: \\u{1b}[31mred"),
        (b"", "it is empty"),
        (b"\xef\xbb\xbf", "it is empty"),
        (&gz(b""), "it is empty"),
        (b"# none\n; yet\n\n", "its 3 lines are blank, comments, headers"),
        (b"rank,domain\n", "its 1 lines are blank, comments, headers"),
        (b"$ORIGIN se.\n@ SOA a b 1 2 3 4 5\n@ NS x.\n", "records of a zone file that delegate nothing"),
    ] {
        let message = error(bytes);
        assert!(
            message.contains(said) && message.contains("list-0") && message.contains("Expected is one domain name per line"),
            "{message}"
        );
        assert!(!message.chars().any(|c| c.is_control() && c != '\n'), "{message:?}");
    }
    let mut suffixes = Lists::new(&[b"com\nco.uk\n"]);
    suffixes.options.registrable = true;
    assert!(suffixes.read().err().unwrap().to_string().contains("every name is a public suffix"));
    // Beside a list with names one that has none to give is no error, but one that is meant to have some is.
    assert_eq!(Lists::new(&[b"# none\n", TWO]).read().unwrap().names(), ["example.com", "example.org"]);
    assert!(Lists::new(&[TWO, b"not a name\n"]).read().err().unwrap().to_string().contains("list-1"));
    assert_eq!(Lists::new(&[TWO]).read_without(&Exclusion::parse("com\norg").unwrap()).unwrap().accounting.excluded, 2);
}

#[test]
fn every_line_is_accounted_for() {
    let list =
        b"\xef\xbb\xbf# list\r\n\r\nexample.com\r\nEXAMPLE.COM.\r\nnot a name\r\nb\xfccher.example\r\nopted.out.example\r\nexample.org\r\n";
    let outcome = Lists::new(&[list]).read_without(&Exclusion::parse("out.example").unwrap()).unwrap();
    assert_eq!(outcome.names(), ["example.com", "example.org"]);
    let expected = Accounting { lines: 8, rows: 2, rejected: 2, duplicates: 1, excluded: 1, not_selected: 0, blank: 2 };
    assert_eq!(outcome.accounting, expected);
    assert_eq!((outcome.rejected[0].0, outcome.rejected[0].1.as_str()), (5, "not a name"));
    assert_eq!(outcome.rejected[1], (6, "b\u{fffd}cher.example".to_owned(), Reason::NotUtf8));
}

#[test]
fn hostile_lines_cost_no_memory() {
    let mut list = vec![b'a'; 10_000_000];
    list.push(b'\n');
    list.extend(std::iter::repeat_n(b',', 1_000_000));
    list.extend_from_slice(format!("\n{}.com\n", "a".repeat(300)).as_bytes());
    list.extend_from_slice(b"\0\x01\x02\xff\n,,,,,,,\nexample.com");
    let outcome = Lists::new(&[&list]).read().unwrap();
    assert_eq!(outcome.names(), ["example.com"]);
    let reasons: Vec<_> =
        outcome.rejected.iter().map(|(_, text, reason)| (text.len() <= 1000, matches!(reason, Reason::LineTooLong))).collect();
    assert_eq!(reasons, [(true, true), (true, true), (true, false), (true, false), (true, false)]);
}

#[test]
fn several_sources_are_one_list_with_names_of_their_own() {
    let lists = Lists::new(&[
        TWO,
        b"$ORIGIN net.\nexample NS x.\nexample NS y.\n",
        &gz(b"origin,rank\nhttps://example.org,1000\nhttps://example.edu,1000\n"),
    ]);
    let outcome = lists.read().unwrap();
    assert_eq!(outcome.names(), ["example.com", "example.org", "example.net", "example.edu"]);
    let expected = Accounting { lines: 8, rows: 4, duplicates: 2, blank: 2, ..Accounting::default() };
    assert_eq!(outcome.accounting, expected);
    assert_eq!((&*outcome.targets[0].list, &*outcome.targets[3].list), ("list-0", "list-2"));
    let named = Lists { options: InputOptions { list_name: Some("tranco".to_owned()), ..lists.options.clone() }, ..lists };
    assert!(named.read().unwrap().targets.iter().all(|target| &*target.list == "tranco"));
}

#[test]
fn folding_keeps_the_best_rank_wherever_it_stands() {
    let mut lists = Lists::new(&[
        b"9,www.example.co.uk\n1,com\n3,co.uk\n5,mail.example.co.uk\n7,example.org\n6,a.example.org\n",
        b"1,example.org\n2,example.net\n",
    ]);
    lists.options.registrable = true;
    let outcome = lists.read().unwrap();
    assert_eq!(outcome.ranks(), [("example.co.uk", Some(5)), ("example.org", Some(6)), ("example.net", Some(2))]);
    let expected = Accounting { lines: 8, rows: 3, rejected: 2, duplicates: 3, ..Accounting::default() };
    assert_eq!(outcome.accounting, expected);
    assert!(outcome.rejected.iter().all(|(_, _, reason)| *reason == Reason::PublicSuffix));
    lists.options.registrable = false;
    assert_eq!(lists.read().unwrap().accounting.rows, 7);
}

fn numbered(count: usize) -> Vec<u8> {
    (0..count).flat_map(|index| format!("{},n{index}.example\n", index + 1).into_bytes()).collect()
}

#[test]
fn skip_and_top_count_distinct_names() {
    let list = [b"x y\nn0.example\nN0.example\n".as_slice(), &numbered(10)].concat();
    let mut lists = Lists::new(&[&list]);
    lists.options.skip = 2;
    lists.options.top = Some(3);
    let outcome = lists.read_without(&Exclusion::parse("n3.example").unwrap()).unwrap();
    assert_eq!(outcome.names(), ["n2.example", "n4.example", "n5.example"]);
    let expected = Accounting { lines: 13, rows: 3, rejected: 1, duplicates: 2, excluded: 1, not_selected: 6, blank: 0 };
    assert_eq!(outcome.accounting, expected);
}

#[test]
fn a_sample_is_the_same_for_the_same_seed_and_keeps_the_order() {
    let list = numbered(5000);
    let mut lists = Lists::new(&[&list]);
    let mut draw = |size, seed| {
        lists.options.sample = Some(Sample { size, seed });
        lists.read().unwrap().targets.into_iter().filter_map(|target| target.rank).collect::<Vec<_>>()
    };
    let sample = draw(500, 1);
    assert_eq!(sample.len(), 500);
    assert!(sample.is_sorted());
    assert_eq!(sample, draw(500, 1));
    assert_ne!(sample, draw(500, 2));
    // Uniform: each half of the list has about half of the sample (five standard deviations).
    let lower = sample.iter().filter(|rank| **rank <= 2500).count();
    assert!((197..=303).contains(&lower), "{lower}");
    assert_eq!((draw(0, 1).len(), draw(9999, 1).len()), (0, 5000));
}

#[test]
fn a_full_memory_lets_names_through_and_says_so() {
    let list = [numbered(100), numbered(100)].concat();
    let mut lists = Lists::new(&[&list]);
    lists.options.memory = 1000;
    let outcome = lists.read().unwrap();
    assert_eq!(outcome.accounting.rows + outcome.accounting.duplicates, 200);
    assert_eq!(outcome.accounting.rows, 100 + outcome.unchecked / 2);
    assert!(outcome.unchecked > 0 && outcome.accounting.duplicates > 0);
}

#[test]
fn wrong_options_are_told() {
    let lists = Lists::new(&[b"Owner,Site\nAcme,example.com\n"]);
    let failing = |change: &dyn Fn(&mut InputOptions)| {
        let mut options = lists.options.clone();
        change(&mut options);
        Input::open(&options, &Exclusion::default()).err().unwrap().to_string()
    };
    let message = failing(&|options| options.column = Some(Column::Name("domain".to_owned())));
    assert!(message.contains("no column \"domain\"; it has 2: \"Owner\", \"Site\""), "{message}");
    assert!(failing(&|options| options.shard = Shard { index: 4, count: 4 }).contains("part 4 of 4"));
    assert!(failing(&|options| options.sources.clear()).contains("no list"));
    assert!(failing(&|options| options.sources = vec!["-".to_owned(), "-".to_owned()]).contains("only once"));
    let missing = lists.folder.path().join("missing");
    assert!(failing(&|options| options.sources.push(missing.to_str().unwrap().to_owned())).contains("does not exist"));
}

#[test]
fn a_list_that_changes_is_an_error() {
    let lists = Lists::new(&[TWO]);
    let mut input = Input::open(&lists.options, &Exclusion::default()).unwrap();
    fs::write(&lists.options.sources[0], b"3,example.net\n").unwrap();
    assert!(matches!(input.next(), Some(Err(InputError::Changed(_)))));
    assert!(input.next().is_none());
}

#[test]
fn a_sink_that_fails_ends_the_list() {
    let lists = Lists::new(&[b"a b\nexample.com\n"]);
    let input = Input::open(&lists.options, &Exclusion::default()).unwrap();
    let mut input = input.with_rejects(|_: &Rejected<'_>| Err(std::io::ErrorKind::StorageFull.into()));
    assert!(matches!(input.next(), Some(Err(InputError::Rejects(_)))));
    assert!(input.next().is_none());
}

#[test]
fn preparation_can_be_watched_and_stopped() {
    let mut lists = Lists::new(&[&numbered(50_000)]);
    lists.options.registrable = true;
    let mut steps = Vec::new();
    Input::open_watched(&lists.options, &Exclusion::default(), &mut |preparation| {
        steps.push(preparation.step);
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    assert!(steps.contains(&Step::Checksum) && steps.contains(&Step::Survey));
    let stopped = Input::open_watched(&lists.options, &Exclusion::default(), &mut |preparation| match preparation.step {
        Step::Survey => std::ops::ControlFlow::Break(()),
        _ => std::ops::ControlFlow::Continue(()),
    });
    assert!(matches!(stopped, Err(InputError::Stopped)));
}

#[test]
fn estimates_come_true() {
    let mut lists = Lists::new(&[&numbered(3000)]);
    let estimate = |options: &InputOptions, lines: usize| {
        let mut input = Input::open(options, &Exclusion::default()).unwrap();
        let before = input.estimate();
        input.by_ref().take(lines).for_each(drop);
        (before, input.estimate())
    };
    assert_eq!(estimate(&lists.options, 9999), (None, Some(3000)));
    lists.options.sample = Some(Sample { size: 70, seed: 1 });
    assert_eq!(estimate(&lists.options, 7), (Some(70), Some(70)));
    lists.options.sample = None;
    lists.options.registrable = true;
    assert_eq!(estimate(&lists.options, 7), (Some(3000), Some(3000)));
}

/// Bytes that look like lists of every kind, or like nothing at all.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "example.com",
        "EXAMPLE.org",
        "com",
        "*.a.b",
        "_dmarc.x.com",
        "https://a.example:8443/x",
        "1",
        "42",
        ",",
        ";",
        "\t",
        " ",
        "\n",
        "\n",
        "\n",
        "\r",
        "\r\n",
        "\"",
        "#",
        "@",
        "$ORIGIN se.",
        "$TTL 1d",
        "$INCLUDE x",
        "(",
        ")",
        "IN",
        "NS",
        "SOA",
        "ns1.example.",
        "origin,rank\n",
        "domain,x\n",
        "GlobalRank,TldRank,Domain\n",
        "\\",
        "\u{feff}",
        "b\u{fc}cher.de",
    ]);
    let piece = prop_oneof![9 => words.prop_map(|word| word.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..4)];
    let text = prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat());
    let bytes = prop_oneof![8 => text, 2 => prop::collection::vec(any::<u8>(), 0..300)];
    (bytes, 0..6_u8).prop_map(|(bytes, packing)| match packing {
        0 => gz(&bytes),
        1 => zst(&bytes),
        2 => zip(&[("a", &bytes)], zip::CompressionMethod::Deflated),
        _ => bytes,
    })
}

prop_compose! {
    fn any_options()(registrable: bool, skip in 0..3_u64, top in prop::option::of(0..6_u64), sample in prop::option::of((0..4_u64, any::<u64>())),
        parts in 1..4_u64, column in prop::option::of(1..3_usize), memory in prop_oneof![Just(0), Just(300), Just(DEFAULT_MEMORY)]) -> InputOptions
    {
        let sample = sample.map(|(size, seed)| Sample { size, seed });
        let shard = Shard { index: parts / 2, count: parts };
        InputOptions { registrable, skip, top, sample, shard, memory, column: column.map(Column::Number), ..InputOptions::default() }
    }
}

fn at(options: InputOptions, lists: &Lists) -> InputOptions {
    InputOptions { sources: lists.options.sources.clone(), spool_dir: PathBuf::new(), ..options }
}

proptest! {
    #[test]
    fn any_bytes_are_accounted_for(first in hostile(), second in hostile(), options in any_options()) {
        let mut lists = Lists::new(&[&first, &second]);
        lists.options = at(options, &lists);
        // The checks are in `read`; an error is well where the bytes are no list.
        if let Ok(outcome) = lists.read() {
            let top = lists.options.top.unwrap_or(u64::MAX);
            prop_assert!(outcome.accounting.rows <= top.min(lists.options.sample.map_or(u64::MAX, |sample| sample.size)));
        }
    }

    #[test]
    fn cut_archives_never_panic(list in hostile(), part in 0.0..1.0_f64) {
        let length = (list.len() as f64 * part) as usize;
        let _ = Lists::new(&[&list[..length]]).read();
    }

    #[test]
    fn shards_are_a_partition(list in hostile(), options in any_options(), count in 1..5_u64) {
        let mut lists = Lists::new(&[&list]);
        lists.options = InputOptions { shard: Shard::default(), ..at(options, &lists) };
        if let Ok(whole) = lists.read() {
            let mut union = Vec::new();
            for index in 0..count {
                lists.options.shard = Shard { index, count };
                union.extend(lists.read().unwrap().targets.into_iter().map(|target| target.domain.to_string()));
            }
            let mut whole: Vec<_> = whole.names().into_iter().map(str::to_owned).collect();
            whole.sort();
            union.sort();
            prop_assert_eq!(union, whole);
        }
    }
}
