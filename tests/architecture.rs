//! The architecture as a test: imports point down the layers, no file is in an import cycle, every file says what it is for.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the bottom; a module may name only modules of earlier lines.
const LAYERS: &[&[&str]] = &[
    &["escape", "manual", "pause", "system", "vocabulary", "whole_file"],
    &["name", "words", "networks"],
    &["evidence", "exclusion", "place"],
    &["parse"],
    &["input", "classify", "observe"],
    &["reports", "publish"],
    &["dataset"],
    &["scan", "analyse", "lab"],
    &["trial", "study", "ui"],
    &["cli"],
];

/// A source file as a module: `["name", "idna"]` for src/name/idna.rs, `["name"]` for src/name/mod.rs.
type Module = Vec<String>;

struct Source {
    text: String,
    path: PathBuf,
}

#[test]
fn every_file_says_what_it_is_for() {
    for source in sources().values() {
        let first = source.text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 20, "{}: the first line has to say what the file is for", source.path.display());
    }
}

#[test]
fn imports_point_down_the_layers() {
    let sources = sources();
    for (module, source) in &sources {
        let Some(from) = module.first().and_then(|top| layer(top)) else { continue };
        for target in references(module, &source.text, &sources) {
            if target[0] == module[0] {
                continue;
            }
            let to = layer(&target[0]).unwrap_or_else(|| panic!("{}: module {} has no layer", source.path.display(), target[0]));
            assert!(to < from, "{} (layer {from}) names {} (layer {to})", source.path.display(), target.join("::"));
        }
    }
}

/// What the lab expects is written by hand: it may name the codes and the columns, never what judges them.
#[test]
fn the_lab_knows_no_judgement() {
    let sources = sources();
    for (module, source) in sources.iter().filter(|(module, _)| module[0] == "lab") {
        let judging: Vec<String> = references(module, &source.text, &sources)
            .into_iter()
            .filter(|target| {
                ["classify", "parse", "observe"].contains(&target[0].as_str())
                    && *target != ["classify", "codes"]
                    && *target != ["classify", "assessment"]
            })
            .map(|target| target.join("::"))
            .collect();
        assert!(
            judging.is_empty(),
            "{} names {judging:?}; of judgement the lab may name the codes and the columns alone",
            source.path.display()
        );
    }
}

/// The word of a code stands where it is declared; all else names the constant, so that the compiler knows it.
#[test]
fn a_code_is_spelled_once() {
    let sources = sources();
    // Cases of the lab may be called like the code that they show, and tests read words as users write them.
    let others = |module: &&Module| module[0] != "lab" && !module.iter().any(|part| part == "tests");
    for code in stscan::classify::catalogue() {
        let word = format!("\"{code}\"");
        let places: Vec<&Path> = sources
            .iter()
            .filter(|(module, _)| others(module))
            .flat_map(|(_, source)| std::iter::repeat_n(source.path.as_path(), code_of(&source.text).matches(&word).count()))
            .collect();
        assert!(places.len() == 1, "{code} is spelled in {places:?}; name the constant of classify::codes instead");
    }
}

#[test]
fn every_module_has_a_layer() {
    for module in sources().keys() {
        let top = &module[0];
        assert!(["build", "lib", "main"].contains(&top.as_str()) || layer(top).is_some(), "src/{top} has no layer");
    }
}

#[test]
fn no_file_is_in_an_import_cycle() {
    let sources = sources();
    let edges: BTreeMap<&Module, BTreeSet<Module>> =
        sources.iter().map(|(module, source)| (module, references(module, &source.text, &sources))).collect();
    for start in sources.keys() {
        let mut before: BTreeMap<&Module, &Module> = BTreeMap::new();
        let mut open: Vec<&Module> = vec![start];
        while let Some(here) = open.pop() {
            for next in edges[here].iter().filter_map(|next| edges.get_key_value(next).map(|(key, _)| *key)) {
                if next == start {
                    let way = std::iter::successors(Some(here), |module| before.get(*module).copied());
                    let way: Vec<String> = way.map(|module| module.join("::")).collect();
                    panic!("an import cycle: {} <- {}", start.join("::"), way.join(" <- "));
                }
                if !before.contains_key(next) {
                    before.insert(next, here);
                    open.push(next);
                }
            }
        }
    }
}

/// A `mod.rs` is a face: who is outside looks at it, and the files behind it take what they need from each other.
#[test]
fn no_file_looks_at_the_face_of_its_own_folder() {
    let sources = sources();
    let mut found = Vec::new();
    let is_checked = |module: &Module| !module.iter().any(|part| part == "tests");
    for (module, source) in sources.iter().filter(|(module, _)| is_checked(module)) {
        let items = arrows_up(module, &source.text, &sources);
        if !items.is_empty() {
            found.push(format!("{}: {}", module.join("::"), items.into_iter().collect::<Vec<_>>().join(", ")));
        }
    }
    assert!(found.is_empty(), "{} files import through a mod.rs above them; name the file instead:\n{}", found.len(), found.join("\n"));
}

fn layer(top: &str) -> Option<usize> {
    LAYERS.iter().position(|line| line.contains(&top))
}

fn sources() -> BTreeMap<Module, Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    collect(&root, &root, &mut found);
    assert!(found.len() > 10, "the source files were not found");
    found
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<Module, Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let relative = path.strip_prefix(root).unwrap().with_extension("");
            let mut module: Module = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if module.last().is_some_and(|last| last == "mod") {
                module.pop();
            }
            found.insert(module, Source { text: fs::read_to_string(&path).unwrap(), path });
        }
    }
}

/// The modules that a file names outside its tests, as far down as there is a file; re-exports of a `mod.rs` do not count,
/// and a name that a `mod.rs` re-exports stands for the file that defines it.
fn references(module: &Module, text: &str, sources: &BTreeMap<Module, Source>) -> BTreeSet<Module> {
    let targets = paths(&code_of(text)).into_iter().filter_map(|path| {
        let (base, segments) = absolute(module, &path)?;
        Some(resolve(base, &segments.iter().map(String::as_str).collect::<Vec<_>>(), sources, 0))
    });
    targets.filter(|target| !target.is_empty() && target != module).collect()
}

/// A path as the module in which it begins and its further segments.
fn absolute(module: &Module, path: &str) -> Option<(Module, Vec<String>)> {
    let mut segments = path.split("::").map(|segment| segment.trim().to_owned()).peekable();
    let mut base: Module = match segments.next()?.as_str() {
        "crate" => Vec::new(),
        "self" => module.clone(),
        "super" => module[..module.len() - 1].to_vec(),
        _ => return None,
    };
    while segments.next_if(|segment| segment == "super").is_some() {
        base.pop();
    }
    Some((base, segments.collect()))
}

/// The items of faces above it that a file names outside its tests: what stands in the `mod.rs` of its folder or of one further up, or
/// is re-exported there.
fn arrows_up(module: &Module, text: &str, sources: &BTreeMap<Module, Source>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (mut target, segments) in paths(&code_of(text)).iter().filter_map(|path| absolute(module, path)) {
        let mut segments = segments.iter().peekable();
        while let Some(segment) = segments.next_if(|segment| sources.contains_key(&[target.clone(), vec![(*segment).clone()]].concat())) {
            target.push(segment.clone());
        }
        let above = !target.is_empty() && target.len() < module.len() && module.starts_with(&target);
        // A module inside of a file says `super` and means the file.
        let face = sources.get(&target).filter(|_| above).map(|source| code_of(&source.text)).unwrap_or_default();
        if let Some(item) =
            segments.peek().filter(|item| words(&face).any(|word| word == item.as_str()) && !text.contains(&format!("mod {item} {{")))
        {
            found.insert(format!("{}::{item}", target.join("::")));
        }
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
}

fn resolve(base: Module, segments: &[&str], sources: &BTreeMap<Module, Source>, depth: usize) -> Module {
    let mut target = base;
    let mut rest = segments;
    while let Some((first, after)) = rest.split_first() {
        let mut deeper = target.clone();
        deeper.push((*first).to_owned());
        if !sources.contains_key(&deeper) {
            break;
        }
        target = deeper;
        rest = after;
    }
    if let (Some(name), Some(source)) = (rest.first(), sources.get(&target)) {
        for line in reexports(&source.text) {
            let (path, names) = line;
            if names.iter().any(|exported| exported == name) && depth < 8 {
                let inner: Vec<&str> = path.iter().map(String::as_str).chain([*name]).collect();
                return resolve(target, &inner, sources, depth + 1);
            }
        }
    }
    target
}

/// `pub use self::file::{A, B};` as (["file"], ["A", "B"]).
fn reexports(text: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let code = code_of(text);
    let mut found = Vec::new();
    for statement in code.split(';') {
        let Some(at) = statement.find("use self::").filter(|at| statement[..*at].trim_end().ends_with(['b', ')'])) else { continue };
        let path = statement[at + "use self::".len()..].trim();
        let (prefix, names) = match path.split_once('{') {
            Some((prefix, names)) => (prefix.trim_end_matches("::"), names.trim_end_matches(['}', ' ', '\n']).to_owned()),
            None => path.rsplit_once("::").map_or((path, String::new()), |(prefix, name)| (prefix, name.to_owned())),
        };
        let names = names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
        found.push((prefix.split("::").map(str::to_owned).collect(), names));
    }
    found
}

/// All paths in the code that begin with `crate::`, `super::` or `self::`, groups spread out; re-exports left out.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = ["crate::", "super::", "self::"].iter().filter_map(|start| rest.find(start)).min() {
        let before = &rest[..at];
        let reexport = before.trim_end().ends_with("pub use") || before.trim_end().ends_with(") use");
        let visibility = before.ends_with("pub(in ");
        let boundary = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        let tail = &rest[at..];
        let length = tail.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(tail.len());
        let path = &tail[..length];
        if boundary && !reexport && !visibility {
            match tail[length..].strip_prefix('{').filter(|_| path.ends_with("::")) {
                Some(group) => found.extend(spread(path, group)),
                None => found.push(path.trim_end_matches(':').to_owned()),
            }
        }
        rest = &tail[length.max(1)..];
    }
    found
}

/// `crate::a::` and `b, c::{d, e}}...` as `crate::a::b`, `crate::a::c::d`, `crate::a::c::e`.
fn spread(prefix: &str, group: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let item = group[start..at].trim();
                match item.split_once('{') {
                    Some((inner, rest)) => found.extend(spread(&format!("{prefix}{inner}"), rest)),
                    None if !item.is_empty() => found.push(format!("{prefix}{item}")),
                    None => {}
                }
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// The text without comments and test modules.
fn code_of(text: &str) -> String {
    const MARK: &str = "#[cfg(test)]\nmod ";
    let mut code = String::new();
    let mut rest = text;
    while let Some((before, module)) = rest.split_once(MARK) {
        code.push_str(before);
        let line = module.lines().next().unwrap_or_default();
        // A module of tests ends with its line, or with the first brace that is not indented.
        let end = if line.ends_with(';') { ";\n" } else { "\n}\n" };
        rest = module.split_once(end).map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_test_sees_groups_and_reexports() {
    assert_eq!(paths("use crate::a::{b, c::{d, e}};"), ["crate::a::b", "crate::a::c::d", "crate::a::c::e"]);
    assert_eq!(paths("pub use self::file::A; let x = super::y::z();"), ["super::y::z"]);
    assert_eq!(reexports("pub use self::file::{A, B};"), [(vec!["file".to_owned()], vec!["A".to_owned(), "B".to_owned()])]);
}

#[test]
fn what_stands_behind_a_test_module_is_seen() {
    let text = "use super::a;\n#[cfg(test)]\nmod tests;\nuse super::b; // super::c\n#[cfg(test)]\nmod more {\n    use super::d;\n}\nuse super::e;\n";
    assert_eq!(paths(&code_of(text)), ["super::a", "super::b", "super::e"]);
}
