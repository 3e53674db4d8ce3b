//! What a user gives as it is given: options, settings, lists and opt-outs that cannot be used are refused before anything is sent, in one
//! sentence that says which and what to do.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::{expect, rows, stderr, stdout, stscan};

/// A folder with a good list.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.file("good.txt", b"example.com\n");
        desk
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        fs::write(self.0.path().join(name), content).unwrap();
        self.path(name)
    }

    /// Expects a scan of the lab with these arguments to be refused; gives what it says.
    fn refused(&self, status: i32, arguments: &[&str]) -> String {
        let (good, out) = (self.path("good.txt"), self.path("out"));
        let list: &[&str] = if arguments.iter().any(|argument| argument.ends_with(".list")) { &[] } else { &[&good] };
        let output = expect(status, &[&["scan", "-o", &out], list, arguments].concat());
        assert_eq!(stdout(&output), "", "{arguments:?}: results only on standard output");
        assert!(!Path::new(&out).exists(), "{arguments:?} left a folder");
        let said = stderr(&output);
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
        said
    }
}

#[test]
fn an_option_that_cannot_be_used_is_refused_by_its_name() {
    let desk = Desk::new();
    let cut = desk.file("cut.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n");
    let none = desk.file("none.txt", b"# nobody\n");
    let (missing, folder) = (desk.path("missing/status.json"), desk.path("."));
    for (arguments, said) in [
        (&["--lab", "--status-file", &missing][..], "--status-file"),
        (&["--lab", "--status-file", &folder], "--status-file"),
        (&["--lab", "--ca-file", &cut], "certificate 1 is cut"),
        (&["--resolvers", &none], &none),
        (&["--lab", "--rate", "99999999999999"], "--rate 99999999999999: a whole number from 0 to 10000000 is expected"),
        (&["--lab", "--concurrency", "0"], "--concurrency 0: a whole number from 1 to 1000000"),
        (&["--lab", "--workers", "999"], "--workers 999: a whole number from 1 to 256"),
        (&["--lab", "--fetch-timeout", "80000"], "--fetch-timeout 80000: a length of time from 1ms to 3600s"),
        (&["--lab", "--fetch-timeout", "90000"], "--fetch-timeout 90000: a length of time from 1ms to 3600s"),
        (&["--lab", "--dns-timeout", "1e-12"], "--dns-timeout 1e-12: a length of time from 1ms to 3600s"),
        (&["--lab", "--connect-timeout", "30", "--fetch-timeout", "5"], "--connect-timeout 30s is longer than"),
        (&["--seed", "4"], "--seed"),
        (&["--lab=zoo", "--seed", "4"], "--seed"),
        (&["--http-port", "8080"], "--look-around"),
        (&["--dns-port", "5353"], "--iterative"),
        (&["--lab", "--https-port", "8443"], "--lab brings its own ports"),
        (&["--lab", "--trust-resolvers"], "--trust-resolvers"),
        (&["--iterative", "--0x20"], "--0x20"),
        (&["--lab=zoo:999999999999"], "from 1 to 100000000"),
    ] {
        let text = desk.refused(2, arguments);
        assert!(text.contains(said) && text.lines().count() == 1, "{arguments:?}: {text}");
    }
    let good = desk.path("good.txt");
    for (options, said) in [(["--list-id", "x"], "--list-id"), (["--part-rows", "9"], "--part-rows")] {
        let all = [&["scan", "--lab", &good, "-o", "-", "--format", "arrow-stream"], &options[..]].concat();
        assert!(stderr(&expect(2, &all)).contains(said));
    }
}

#[test]
fn a_setting_that_cannot_be_used_is_refused_by_its_line() {
    let desk = Desk::new();
    for (text, said) in [
        (&b"top = 5\nrate = 'much'\n"[..], ":2: rate = 'much': a number is expected"),
        (b"\nfetch-timeout = nan", ":2: fetch-timeout = nan: a length of time from 1ms to 3600s"),
        (b"rates = 5", ":1: rates = 5: there is no such option"),
        (b"out = 'ftp://host/x'", ":1: out = 'ftp://host/x': no dataset is written there"),
        (b"\xff\xfe", "is not UTF-8"),
    ] {
        let file = desk.file("scan.toml", text);
        let text = desk.refused(2, &["--lab", "--config", &file]);
        assert!(text.contains(said) && text.contains("scan.toml") && text.lines().count() == 1, "{text}");
    }
}

#[test]
fn only_datasets_are_written_to_stores_and_nothing_to_other_urls() {
    let desk = Desk::new();
    let good = desk.path("good.txt");
    for url in ["https://example.org/x", "file:///tmp/x", "S3:/bucket/x", "s3://bucket/x", "gs://bucket/x", "az://container/x"] {
        let datasets = [
            &["scan", "--lab", &good, "-o", url][..],
            &["export", "x", "-o", url],
            &["reclassify", "x", "-o", url],
            &["merge", "x", "-o", url],
        ];
        let files = [&["scan", "--lab", &good, "-o", "x", "--status-file", url][..], &["report", "x", "-o", url], &["lab", "write", url]];
        let is_of_store = ["s3://", "gs://", "az://"].iter().any(|scheme| url.starts_with(scheme));
        let refused_datasets = datasets.iter().filter(|_| !is_of_store).map(|command| (command, "no dataset is written there"));
        for (command, said) in refused_datasets.chain(files.iter().map(|command| (command, "this is not written to a URL"))) {
            let output = expect(2, command);
            assert!(stderr(&output).contains(said), "{command:?}: {}", stderr(&output));
            assert!(!Path::new(url.split('/').next().unwrap()).exists());
        }
    }
}

#[test]
fn an_opt_out_that_cannot_be_read_ends_the_scan_with_its_line() {
    let desk = Desk::new();
    for (entry, said) in [
        ("192.0.2", "ends in a number"),
        ("127.1", "ends in a number"),
        ("010.0.0.1", "ends in a number"),
        ("300.1.2.3", "ends in a number"),
        ("AS64496", "is an AS number"),
        ("192.0.2.9-192.0.2.1", "is no range"),
        ("ORG-EX1-RIPE", "is a single label"),
        ("\u{1b}[31m", "is neither a domain name nor an address"),
    ] {
        let list = desk.file("optout.txt", format!("# asked\nexample.org\n{entry}\n").as_bytes());
        let text = desk.refused(2, &["--lab", "--exclude", &list]);
        assert!(text.contains("optout.txt, line 3: ") && text.contains(said), "{text}");
    }
    let list = desk.file("optout.txt", b"example.org\nb\xfccher.example\n");
    assert!(desk.refused(2, &["--lab", "--exclude", &list]).contains("optout.txt, line 2: the text is not UTF-8"));
}

#[test]
fn a_range_of_the_opt_out_list_is_not_contacted() {
    let desk = Desk::new();
    for entry in ["127.0.0.1-127.255.255.255", "127.0-255.*.*", "127.0.0.0/255.0.0.0", "AS64496"] {
        let list = desk.file("optout.txt", format!("{entry}\n").as_bytes());
        let output = stscan(&["check", "--lab=zoo", "enforce.test", "--json", "--exclude", &list]).output().unwrap();
        if entry.starts_with("AS") {
            assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
            continue;
        }
        let judged: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let fetch = &judged["evidence"]["fetch"];
        assert!(fetch["address"].is_null() && fetch["status"].is_null(), "{entry}: {fetch}");
        assert_eq!(judged["assessment"]["posture"], "unknown", "{entry}");
    }
    let near = desk.file("optout.txt", b"127.128.0.0-127.255.255.255\n");
    let output = expect(0, &["check", "--lab=zoo", "enforce.test", "--json", "--exclude", &near]);
    let judged: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&judged["assessment"]["posture"], &judged["evidence"]["fetch"]["status"]), (&"enforce".into(), &200.into()));
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn every_line_of_every_file_of_an_archive_is_accounted_for() {
    let desk = Desk::new();
    let list = desk.file(
        "lists.zip",
        &zip(&[
            ("one.csv", b"1,example.com\n"),
            ("__MACOSX/._one.csv", b"\0\0"),
            ("two.txt", b"sep=;\nDomain;x\nexample.org;y\nno name;z\n"),
        ]),
    );
    expect(0, &["scan", "--lab", &list, "-o", &desk.path("out")]);
    let found: Vec<_> = rows(&desk.0.path().join("out")).into_iter().map(|row| (row.domain, row.rank)).collect();
    assert_eq!(found, [("example.com".to_owned(), Some(1)), ("example.org".to_owned(), None)]);
    let rejected = fs::read_to_string(desk.path("out/rejected.csv")).unwrap();
    assert!(rejected.contains("lists.zip:two.txt,4,no name;z,"), "{rejected}");
}

#[test]
fn what_is_no_list_is_refused_and_shown() {
    let desk = Desk::new();
    for (content, said) in [
        (&b"<!DOCTYPE html>\n<title>\x1b[31m404</title>\nHome\n"[..], "is an HTML page"),
        (b"{\"domain\":\"example.com\"}\n", "it looks like JSON"),
        (b"b\xfccher.example\n", "save it as UTF-8"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", "is a binary file"),
        (b"# nobody\n", "blank, comments"),
    ] {
        let list = desk.file("bad.list", content);
        let text = desk.refused(3, &["--lab", &list]);
        assert!(
            text.contains(said) && text.contains("It begins:\n  1: ") && text.contains("Expected is one domain name per line"),
            "{text}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_source_without_end_is_given_up_and_leaves_nothing() {
    let desk = Desk::new();
    let out = desk.path("out");
    for (list, said) in [("/dev/zero", "is a binary file"), ("-", "has no end of line")] {
        let begun = Instant::now();
        let mut feeder = Command::new("sh");
        feeder.args(["-c", "while :; do printf aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done"]);
        let mut feeder = feeder.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let refused = stscan(&["scan", "--lab", list, "-o", &out]).stdin(feeder.stdout.take().unwrap()).output().unwrap();
        let _ = feeder.kill();
        feeder.wait().unwrap();
        assert_eq!(refused.status.code(), Some(3), "{}", stderr(&refused));
        assert!(stderr(&refused).contains(said) && !Path::new(&out).exists(), "{}", stderr(&refused));
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}

#[cfg(unix)]
#[test]
fn a_scan_that_waits_for_its_list_can_be_stopped_and_leaves_nothing() {
    let desk = Desk::new();
    let out = desk.path("out");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/list", silent.local_addr().unwrap());
    for list in [url.as_str(), "-"] {
        let arguments = ["scan", "--lab", list, "-o", &out, "--status-file", &desk.path("status.json")].map(str::to_owned);
        let mut scan = stscan(&arguments.each_ref().map(String::as_str));
        let mut scan = scan.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let _open = scan.stdin.take();
        let begun = Instant::now();
        while !Path::new(&out).exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the copy is not begun");
            std::thread::sleep(Duration::from_millis(5));
        }
        let asked = Instant::now();
        assert!(Command::new("kill").args(["-TERM", &scan.id().to_string()]).status().unwrap().success());
        let stopped = scan.wait_with_output().unwrap();
        assert_eq!(stopped.status.code(), Some(5), "{}", stderr(&stopped));
        assert!(stderr(&stopped).contains("stopped while the list was being read"), "{}", stderr(&stopped));
        assert!(asked.elapsed() < Duration::from_secs(20) && !Path::new(&out).exists());
    }
}

/// Answers one request over TLS with a list.
fn serve_list(authority: &rcgen::CertifiedKey<rcgen::KeyPair>) -> (u16, std::thread::JoinHandle<()>) {
    let key = rustls::pki_types::PrivateKeyDer::try_from(authority.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![authority.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = move || {
        let (stream, _) = listener.accept().unwrap();
        let mut tls = rustls::StreamOwned::new(rustls::ServerConnection::new(Arc::new(config)).unwrap(), stream);
        if tls.read(&mut [0; 4096]).is_ok() {
            tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nexample.com\n").unwrap();
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
    };
    (port, std::thread::spawn(serve))
}

#[test]
fn a_list_url_is_trusted_by_the_roots_that_are_given() {
    let desk = Desk::new();
    let authority = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let pem = desk.file("root.pem", authority.cert.pem().as_bytes());
    let out = desk.path("out");
    let (port, server) = serve_list(&authority);
    let url = format!("https://localhost:{port}/list");
    let refused = expect(3, &["scan", "--lab", &url, "-o", &out]);
    assert!(stderr(&refused).contains("TLS failed") && !Path::new(&out).exists(), "{}", stderr(&refused));
    server.join().unwrap();
    let (port, server) = serve_list(&authority);
    let url = format!("https://localhost:{port}/list");
    expect(0, &["scan", "--lab", &url, "-o", &out, "--ca-file", &pem]);
    server.join().unwrap();
    assert_eq!(rows(Path::new(&out))[0].domain, "example.com");
    assert!(!Path::new(&out).join(".spool").exists());
}

#[test]
fn what_only_another_option_gives_a_meaning_is_refused_without_it() {
    for (arguments, said) in [
        (&["stats", "x", "--rank-bin", "10"][..], "--by rank"),
        (&["diff", "x", "y", "--top", "3", "--format", "csv"], "--top"),
        (&["report", "x", "--format", "csv", "--domains", "3"], "--domains"),
        (&["report", "x", "--format", "csv", "--kind", "portfolio"], "--kind"),
        (&["export", "x", "-o", "y", "--mailboxes", "drop", "--show-key"], "--show-key"),
    ] {
        assert!(stderr(&expect(2, arguments)).contains(said), "{arguments:?}");
    }
}

/// A list comes through the proxy that the environment names, and what else leaves the machine does not; both are said.
#[test]
fn lists_and_nothing_else_go_through_a_proxy() {
    let desk = Desk::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap().to_string();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let length = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").unwrap();
        listener.set_nonblocking(true).unwrap();
        (String::from_utf8_lossy(&request[..length]).into_owned(), listener)
    });
    let resolver = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let resolver = resolver.local_addr().unwrap().to_string();
    let out = desk.path("out");
    let options = ["--resolver", &resolver, "--trust-resolvers", "--dane", "none", "--progress", "none"];
    let mut command = stscan(&[&["scan", "https://lists.example/top.csv", "-o", &out][..], &options].concat());
    let output = command.env("HTTPS_PROXY", format!("http://user:word@{proxy}")).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(
        said.contains("the list is downloaded through that proxy") && said.contains("policies, DNS and mail servers are asked without it"),
        "{said}"
    );
    assert!(said.contains("a proxy that the environment names refuses it") && !said.contains("word"), "{said}");
    let (request, listener) = asked.join().unwrap();
    assert!(request.starts_with("CONNECT lists.example:443 HTTP/1.1"), "{request}");

    let check = ["check", "example.com", "--resolver", &resolver, "--dns-timeout", "100ms", "--dns-tries", "1"];
    let said = stderr(&stscan(&check).env("HTTPS_PROXY", format!("http://{proxy}")).output().unwrap());
    assert!(said.contains("HTTPS_PROXY is set: policies, DNS and mail servers are asked without it"), "{said}");
    assert!(listener.accept().is_err(), "the proxy was asked for something else");
}
