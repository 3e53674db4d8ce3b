//! `--config`: the options of `scan` in a TOML file, read as if they had been typed, so that the same is possible and the same is refused.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, CommandFactory, Parser};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::exit::{Exit, Failure};
use super::options::{NetworkOptions, ScanOptions};
use super::values::{Pauses, shown};
use crate::ui::text::safe;
use crate::whole_file;

/// Shortest value by which a message is known to speak of its key, in octets.
const LEAST_TELLING: usize = 4;
/// How much of a value a message shows, in characters.
const MAX_SHOWN: usize = 60;

/// Lists and options of a `--config` file: TOML with the long names of `scan`'s options, and `list` for the lists.
#[derive(Clone, Debug, Default)]
pub(super) struct ConfigFile {
    /// Lists, as on the command line.
    pub(super) lists: Vec<String>,
    /// Options of the network.
    pub(super) network: NetworkOptions,
    /// Options of list and output.
    pub(super) scan: ScanOptions,
    /// The file, and the line of every key in it.
    places: Places,
}

/// A file, and of every key in it the line and the texts of its value; `None` without a file.
pub(super) type Places = Option<(PathBuf, BTreeMap<String, (usize, Vec<String>)>)>;

/// All options that a file may set.
#[derive(Parser, Debug)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Options {
    #[command(flatten)]
    network: NetworkOptions,
    #[command(flatten)]
    scan: ScanOptions,
}

/// What is wrong with a file, and on which line, from 1.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    line: usize,
    text: String,
}

impl ConfigFile {
    /// Reads the file, if one is named.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let unreadable = |why: String| Failure::usage(format!("the configuration {} cannot be read: {why}", shown(path)));
        let bytes = whole_file::read(path).map_err(|error| unreadable(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
        let mut file = Self::parse(&text).map_err(|Fault { line, text }| Failure::usage(format!("{}:{line}: {text}", shown(path))))?;
        if let Some((place, _)) = &mut file.places {
            path.clone_into(place);
        }
        Ok(file)
    }

    /// The failure, with the places of the keys that it speaks of: options are also refused for what others say, or what a file holds.
    pub(super) fn placed(places: &Places, failure: Failure) -> Failure {
        let Some((path, lines)) = places.as_ref().filter(|_| failure.exit() == Exit::Usage) else { return failure };
        let text = failure.to_string();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter_map(|word| word.strip_prefix("--"));
        let mut named: BTreeSet<&str> = words.filter(|word| lines.contains_key(*word)).collect();
        if named.is_empty() {
            // It may speak of a value alone, as a file that cannot be read.
            let is_said = |value: &String| value.len() >= LEAST_TELLING && text.contains(value.as_str());
            named.extend(lines.iter().filter(|(_, (_, values))| values.iter().any(is_said)).map(|(key, _)| key.as_str()));
        }
        let place = |key: &&str| Some(format!("{key} stands in {}:{}", shown(path), lines.get(*key)?.0));
        let said: Vec<String> = named.iter().filter_map(place).collect();
        if said.is_empty() { failure } else { Failure::usage(format!("{text} ({})", said.join(", "))) }
    }

    /// Where the keys stand.
    pub(super) fn places(&self) -> Places {
        self.places.clone()
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let line = |at: usize| 1 + text.bytes().take(at).filter(|octet| *octet == b'\n').count();
        let table = DeTable::parse(text).map_err(|error| {
            // The file cannot be taken apart, so what stands on that line has to name the key.
            let line = line(error.span().map_or(0, |span| span.start));
            let written = text.lines().nth(line - 1).unwrap_or_default().trim();
            Fault { line, text: format!("{}: {}", clipped(written), safe(error.message())) }
        })?;
        let command = Options::command();
        let mut file = Self::default();
        let mut lines = BTreeMap::new();
        for (key, value) in table.into_inner() {
            let values = texts(&value, false).unwrap_or_default();
            lines.insert(key.get_ref().to_string(), (line(key.span().start), values));
            let fault = |why: String| {
                let value = text.get(value.span()).unwrap_or_default();
                Fault { line: line(key.span().start), text: format!("{} = {}: {why}", safe(key.get_ref()), clipped(value)) }
            };
            let name = key.get_ref();
            if let DeValue::Table(_) = value.get_ref() {
                let text = format!("{}: options stand in no section and have no parts; write KEY = VALUE", safe(name));
                return Err(Fault { line: line(key.span().start), text });
            }
            if name == "list" {
                file.lists = texts(&value, false).ok_or_else(|| fault("a string is expected, or an array of strings".to_owned()))?;
                continue;
            }
            let option = command.get_arguments().find(|argument| argument.get_long() == Some(name.as_ref()));
            let option = option.ok_or_else(|| {
                let other = name.to_lowercase().replace('_', "-");
                let meant = command.get_arguments().any(|argument| argument.get_long() == Some(&other));
                let meant =
                    if meant { format!("did you mean {other}?") } else { "keys are the long names of scan's options, and list".to_owned() };
                fault(format!("there is no such option; {meant}"))
            })?;
            let typed = typed(option, name, value.get_ref()).map_err(|expected| fault(format!("{expected} is expected")))?;
            let Options { network, scan } = Options::try_parse_from(typed)
                .map_err(|error| fault(error.source().map_or_else(|| error.kind().to_string(), ToString::to_string)))?;
            (file.network, file.scan) = (file.network.or(network), file.scan.or(scan));
        }
        file.places = Some((PathBuf::new(), lines));
        Ok(file)
    }
}

/// What stands in the file, as far as a message shows it.
fn clipped(text: &str) -> String {
    let short: String = text.chars().take(MAX_SHOWN).collect();
    format!("{}{}", safe(&short), if short.len() < text.len() { "..." } else { "" })
}

/// The option as it would be typed. `Err` says what is expected in place of the value.
fn typed(option: &Arg, name: &str, value: &DeValue<'_>) -> Result<Vec<String>, &'static str> {
    let arguments = |values: Vec<String>| values.iter().map(|value| format!("--{name}={value}")).collect();
    if matches!(option.get_action(), ArgAction::SetTrue) {
        return match value {
            DeValue::Boolean(true) => Ok(vec![format!("--{name}")]),
            DeValue::Boolean(false) => Ok(Vec::new()),
            _ => Err("true or false"),
        };
    }
    let kind = option.get_value_parser().type_id();
    if kind == TypeId::of::<Duration>() || kind == TypeId::of::<Pauses>() {
        let value = if let DeValue::Array(_) = value { None } else { one(value, true).or_else(|| one(value, false)) };
        return value.map(|value| arguments(vec![value])).ok_or("a number of seconds, or a string such as '2s',");
    }
    let values = |number| if let DeValue::Array(_) = value { None } else { one(value, number).map(|value| vec![value]) };
    match option.get_action() {
        ArgAction::Append => texts_of(value, false).map(arguments).ok_or("a string, or an array of strings,"),
        _ if is_number(option.get_value_parser()) => values(true).map(arguments).ok_or("a number"),
        _ => values(false).map(arguments).ok_or("a string in quotes"),
    }
}

fn is_number(parser: &ValueParser) -> bool {
    let kind = parser.type_id();
    [TypeId::of::<u16>(), TypeId::of::<u32>(), TypeId::of::<u64>(), TypeId::of::<f64>()].iter().any(|number| kind == *number)
}

fn texts(value: &Spanned<DeValue<'_>>, number: bool) -> Option<Vec<String>> {
    texts_of(value.get_ref(), number)
}

/// One value or all of an array, as text.
fn texts_of(value: &DeValue<'_>, number: bool) -> Option<Vec<String>> {
    match value {
        DeValue::Array(values) => values.iter().map(|value| one(value.get_ref(), number)).collect(),
        value => one(value, number).map(|value| vec![value]),
    }
}

/// A number or a string, as text.
fn one(value: &DeValue<'_>, number: bool) -> Option<String> {
    match value {
        DeValue::String(text) if !number => Some(text.to_string()),
        DeValue::Integer(integer) if number => match i128::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(integer) => Some(integer.to_string()),
            Err(_) => Some(integer.to_string()), // Out of every bound, which is what will be said of it.
        },
        DeValue::Float(float) if number => Some(float.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_the_command_line_are_laid_over_each_other() {
        let text = "list = 'a.txt'\nrate = 50\nresolver = ['192.0.2.1']\nout = 'x'\nallow-private = true\n0x20 = true\ndns-timeout = 1\n";
        let file = ConfigFile::parse(text).unwrap();
        assert_eq!((file.lists, file.network.dns_timeout), (vec!["a.txt".to_owned()], Some(Duration::from_secs(1))));
        let times = ConfigFile::parse("dns-timeout = '500ms'\nconnect-timeout = 1.5\nretry-rounds = 7\n").unwrap().network;
        let milliseconds = [times.dns_timeout.unwrap(), times.connect_timeout.unwrap(), times.retry_rounds.unwrap().0[0]];
        assert_eq!(milliseconds, [500, 1500, 7000].map(Duration::from_millis));
        let typed = NetworkOptions { rate: Some(7), ..NetworkOptions::default() };
        let both = typed.or(file.network);
        assert_eq!((both.rate, both.allow_private, both.mix_case, both.resolver.len()), (Some(7), true, true, 1));
    }

    #[test]
    fn every_fault_names_its_line_and_its_option() {
        for (text, line, said) in [
            ("rates = 50", 1, "rates = 50: there is no such option"),
            ("top = 5\n\nrate = 'much'\n", 3, "rate = 'much': a number is expected"),
            ("rate = -5", 1, "rate = -5: a whole number from 0 to 10000000 is expected"),
            ("rate = 99999999999999", 1, "rate = 99999999999999: a whole number from 0 to 10000000 is expected"),
            ("rate = 1.5", 1, "rate = 1.5: a whole number from 0 to 10000000 is expected"),
            ("rate = [5]", 1, "rate = [5]: a number is expected"),
            ("#\nallow-private = 1", 2, "allow-private = 1: true or false is expected"),
            ("fetch-timeout = nan", 1, "fetch-timeout = nan: a length of time from 1ms to 3600s is expected"),
            ("dns-timeout = 1e9", 1, "dns-timeout = 1e9: a length of time from"),
            ("\ndns-timeout = '5m'", 2, "dns-timeout = '5m': a length of time from"),
            ("dns-timeout = [1]", 1, "dns-timeout = [1]: a number of seconds, or a string such as '2s', is expected"),
            ("retry-rounds = '5s;30s'", 1, "retry-rounds = '5s;30s': pauses such as 5s,30s"),
            ("out = 'ftp://host/x'", 1, "out = 'ftp://host/x': no dataset is written there"),
            ("out = 5", 1, "out = 5: a string in quotes is expected"),
            ("list = [1]", 1, "list = [1]: a string is expected, or an array"),
            ("list = 5", 1, "list = 5: a string is expected"),
            ("resolver = [1]", 1, "resolver = [1]: a string, or an array of strings, is expected"),
            ("[rate]\nx = 1", 1, "rate: options stand in no section"),
            ("[scan]\nrate = 1", 1, "scan: options stand in no section"),
            ("rate.x = 1", 1, "rate: options stand in no section"),
            ("top = 1\ntop = 2", 2, "top = 2: duplicate key"),
            ("\nrate =\n", 2, "rate =: "),
            ("contact = me", 1, "contact = me: string values must be quoted"),
            ("Dns_Timeout = 2", 1, "there is no such option; did you mean dns-timeout?"),
            ("progress = \"\\u001b[31m\"\nconfig = 'x'", 2, "config = 'x': there is no such option"),
            ("\"a\\u001bb\" = 1", 1, "a\\u{1b}b = 1: there is no such option"),
        ] {
            let fault = ConfigFile::parse(text).unwrap_err();
            assert!(fault.line == line && fault.text.contains(said), "{text:?}: {fault:?}");
            assert!(!fault.text.contains('\n'), "one sentence: {fault:?}");
        }
    }

    #[test]
    fn a_later_refusal_names_the_place_of_its_keys() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("weekly.toml");
        std::fs::write(&path, "top = 5\n\nseed = 7\nexclude = '/etc/opt-out'\n").unwrap();
        let places = ConfigFile::read(Some(&path)).unwrap().places();
        let said = ConfigFile::placed(&places, Failure::usage("--seed is the seed of --sample: leave --seed out")).to_string();
        assert_eq!(said, format!("--seed is the seed of --sample: leave --seed out (seed stands in {}:3)", path.display()));
        let said = ConfigFile::placed(&places, Failure::usage("the opt-out list /etc/opt-out cannot be read")).to_string();
        assert!(said.ends_with("weekly.toml:4)"), "{said}");
        let other = Failure::new(Exit::Input, "--top");
        assert_eq!(ConfigFile::placed(&places, other).to_string(), "--top");
        assert_eq!(ConfigFile::placed(&None, Failure::usage("--seed")).to_string(), "--seed");
    }

    #[test]
    fn every_option_can_stand_in_a_file() {
        for option in Options::command().get_arguments() {
            let name = option.get_long().unwrap();
            let is_flag = matches!(option.get_action(), ArgAction::SetTrue);
            let values: &[&str] =
                if is_flag { &["true"] } else { &["7", "0.5", "'2s'", "'7'", "'0.5'", "'zoo'", "'plain'", "'all'", "'192.0.2.1'"] };
            let read = |value: &&str| ConfigFile::parse(&format!("{name} = {value}")).is_ok();
            assert!(values.iter().any(read), "{name}");
        }
    }
}
