//! A database as it is opened: which of the forms the file has, what the manifest says of it, and several asked as one.

use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::mmdb::Mmdb;
use super::network::Network;
use super::routes::Routes;

/// Octets of a database at most, unpacked: ten times the largest that is published.
const MAX_OCTETS: u64 = 2 << 30;
/// How a gzip file begins.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// What is to be said of a database whose answers stand in a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkDatabase {
    /// What it is called: the name of its file.
    pub name: String,
    /// What it is: the type that an mmdb file states, or `routes` for a text of routes.
    pub kind: String,
    /// Of which day it is (`2026-11-23`): when an mmdb file was built; of a text what its name says. Null where nothing says it.
    pub date: Option<String>,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}

/// Databases; of each field the first that knows it counts.
#[derive(Debug, Default)]
pub struct Databases(Vec<(NetworkDatabase, Form)>);

#[derive(Debug)]
enum Form {
    Mmdb(Mmdb),
    Routes(Routes),
}

impl Databases {
    /// Reads the files whole.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub fn open<P: AsRef<Path>>(files: &[P]) -> Result<Self, String> {
        files.iter().map(|file| open(file.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// What the manifest says of them.
    pub fn described(&self) -> Vec<NetworkDatabase> {
        self.0.iter().map(|(described, _)| described.clone()).collect()
    }

    /// Whose the address is.
    pub fn look_up(&self, address: IpAddr) -> Network {
        let address = address.to_canonical();
        self.0.iter().fold(Network::default(), |known, (_, form)| {
            let more = match form {
                Form::Mmdb(mmdb) => mmdb.look_up(address),
                Form::Routes(routes) => routes.look_up(address),
            };
            Network { asn: known.asn.or(more.asn), org: known.org.or(more.org), country: known.country.or(more.country) }
        })
    }
}

fn open(path: &Path) -> Result<(NetworkDatabase, Form), String> {
    let shown = path.display();
    let packed = read(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    let sha256 = hex::encode(Sha256::digest(&packed));
    let octets = unpacked(packed).map_err(|error| format!("{shown} cannot be unpacked: {error}"))?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    if Mmdb::is_one(&octets) {
        let mmdb = Mmdb::read(octets).map_err(|why| format!("{shown} is no readable mmdb file: {why}"))?;
        let (kind, date) = (mmdb.kind().to_owned(), mmdb.date());
        return Ok((NetworkDatabase { name, kind, date, sha256 }, Form::Mmdb(mmdb)));
    }
    let routes = Routes::read(&octets).map_err(|why| format!("{shown}: {why}"))?;
    let date = date_in(&name);
    Ok((NetworkDatabase { name, kind: "routes".to_owned(), date, sha256 }, Form::Routes(routes)))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    bounded(File::open(path)?)
}

fn unpacked(octets: Vec<u8>) -> io::Result<Vec<u8>> {
    if octets.starts_with(GZIP) { bounded(MultiGzDecoder::new(octets.as_slice())) } else { Ok(octets) }
}

fn bounded(source: impl Read) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    source.take(MAX_OCTETS + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > MAX_OCTETS { Err(io::Error::other("it has more than 2 GiB")) } else { Ok(octets) }
}

/// The first eight digits of a name that are a date, as in `routeviews-rv2-20261123-1200.pfx2as.gz`; also with hyphens between.
fn date_in(name: &str) -> Option<String> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let within = |text: &str, least: u32, most: u32| text.parse().is_ok_and(|value: u32| (least..=most).contains(&value));
    let date = |start: usize, gap: usize| {
        let year = name.get(start..start + 4)?;
        let month = name.get(start + 4 + gap..start + 6 + gap)?;
        let day = name.get(start + 6 + 2 * gap..start + 8 + 2 * gap)?;
        let hyphens = gap == 0 || (name.get(start + 4..start + 5)? == "-" && name.get(start + 6 + gap..start + 7 + gap)? == "-");
        let is_date = hyphens && [year, month, day].into_iter().all(digits) && within(year, 1990, 2099);
        (is_date && within(month, 1, 12) && within(day, 1, 31)).then(|| format!("{year}-{month}-{day}"))
    };
    let whole = |start: &usize, length: usize| {
        let is_digit = |at: Option<usize>| at.and_then(|at| name.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
        !is_digit(start.checked_sub(1)) && !is_digit(start.checked_add(length))
    };
    (0..name.len()).find_map(|start| {
        let plain = date(start, 0).filter(|_| whole(&start, 8));
        plain.or_else(|| date(start, 1).filter(|_| whole(&start, 10)))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn dates_of_names() {
        for (name, expected) in [
            ("routeviews-rv2-20261123-1200.pfx2as.gz", Some("2026-11-23")),
            ("ipasn_20140513.dat", Some("2014-05-13")),
            ("asn-2026-11-23.txt", Some("2026-11-23")),
            ("ip2asn-v4.tsv", None),
            ("120261123.txt", None),
            ("20261323", None),
            ("", None),
        ] {
            assert_eq!(date_in(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn of_several_the_first_that_knows_counts() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &[u8]| {
            std::fs::write(dir.path().join(name), text).unwrap();
            dir.path().join(name)
        };
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"192.0.2.0\t24\t64500\n").unwrap();
        let first = file("routeviews-rv2-20261123-1200.pfx2as.gz", &packed.finish().unwrap());
        let second =
            file("ip2asn.tsv", b"192.0.2.0\t192.0.2.127\t64999\tDE\tBeispiel AG\n198.51.100.0\t198.51.100.255\t64501\tAT\tMuster\n");
        let databases = Databases::open(&[&first, &second]).unwrap();
        let network =
            |asn, org: &str, country: &str| Network { asn: Some(asn), org: Some(org.to_owned()), country: Some(country.to_owned()) };
        assert_eq!(databases.look_up("192.0.2.1".parse().unwrap()), network(64500, "Beispiel AG", "DE"));
        assert_eq!(databases.look_up("::ffff:198.51.100.1".parse().unwrap()), network(64501, "Muster", "AT"));
        assert_eq!(databases.look_up("192.0.2.200".parse().unwrap()), Network { asn: Some(64500), ..Network::default() });
        let described = databases.described();
        assert_eq!((described[0].kind.as_str(), described[0].date.as_deref()), ("routes", Some("2026-11-23")));
        assert_eq!(described[1].sha256.len(), 64);
        let broken = file("broken.gz", b"\x1f\x8bnothing");
        assert!(Databases::open(&[&broken]).unwrap_err().contains("broken.gz cannot be unpacked"));
        assert!(Databases::open(&[dir.path().join("none")]).unwrap_err().contains("cannot be read"));
    }
}
