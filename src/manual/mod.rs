//! The manual: its chapters, which the program prints (`stscan manual`) and this documentation includes.
//!
//! A chapter is a file of Markdown in this folder, named after it. `tests/manual.rs` runs the commands in it.

/// A chapter of the manual.
#[derive(Clone, Copy, Debug)]
pub struct Chapter {
    /// The word by which it is asked for.
    pub name: &'static str,
    /// What it is about, in one line.
    pub about: &'static str,
    /// The commands that it says most about.
    pub commands: &'static [&'static str],
    /// Its Markdown.
    pub text: &'static str,
}

/// Declares the chapters: what `stscan manual` prints, and a documented module for each.
macro_rules! chapters {
    ($($name:ident [$($command:literal)*] $about:literal)+) => {
        /// All chapters, in the order in which they are read.
        pub const CHAPTERS: &[Chapter] = &[$(Chapter {
            name: stringify!($name),
            about: $about,
            commands: &[$($command),*],
            text: include_str!(concat!(stringify!($name), ".md")),
        }),+];

        modules!(($($name)+) $($name)+);
    };
}

macro_rules! modules {
    ($all:tt $($name:ident)+) => { $(module!($name $all);)+ };
}

/// A chapter of the documentation. In the files chapters are linked by reference, as `[lists]`; of two definitions of a reference Markdown
/// takes the first, so that the documentation has links to its own modules.
macro_rules! module {
    ($name:ident ($($chapter:ident)+)) => {
        #[doc = concat!($("[", stringify!($chapter), "]: crate::manual::", stringify!($chapter), "\n",)+ "\n")]
        #[doc = include_str!(concat!(stringify!($name), ".md"))]
        #[allow(rustdoc::redundant_explicit_links)] // The files define these links for other readers.
        pub mod $name {}
    };
}

chapters! {
    lists ["scan"] "formats of lists, parts of them, what becomes of each line"
    resolving ["scan" "check"] "resolvers, an unbound for millions of names, DNSSEC, bad networks"
    politeness ["scan" "check"] "who is asked what and how often; opt-outs; extra requests"
    smtp ["scan" "check"] "asking mail servers: STARTTLS, certificates, DANE"
    dataset ["scan" "schema"] "files, columns, conditions (--where), size and memory, stopped scans"
    statistics ["stats"] "tables of adoption and misconfiguration, and how they count"
    comparing ["diff"] "what changed between two scans"
    reports ["report"] "one page for owners of domains; CSV, JSON, SARIF, JUnit"
    findings ["explain" "codes" "lint" "check"] "codes, severities, and checking texts offline"
    publishing ["publish"] "policies, records and web server configuration to deploy"
    tlsrpt ["tlsrpt" "stats" "report"] "TLS reports (RFC 8460): reading them, joining them with scans"
    gates ["check" "report" "diff" "scan"] "failing a job: --fail-on, --expect, exit statuses"
    weekly ["scan" "diff"] "dated folders, notices, metrics, status file, configuration files"
    machines ["scan" "merge"] "shards, Slurm and Kubernetes, Python, one table of many scans"
    plan ["scan" "stats"] "what a weekly scan of 100 and of 300 million names takes"
    again ["reclassify" "verify"] "judging old evidence by new rules; is a dataset whole"
    sharing ["export"] "a copy that can be published: what is masked and what describes it"
    options [] "all options of all commands"
    readings ["lint" "explain"] "how the RFCs are read where they leave room, and senders as they are"
    lab ["lab"] "the built-in Internet: its worlds, its truth, a study reproduced"
    benchmarks [] "how fast it is, and how to measure it"
    contributing [] "what the tests are, and how to add to them"
}

/// The chapter of that name.
pub fn chapter(name: &str) -> Option<&'static Chapter> {
    CHAPTERS.iter().find(|chapter| chapter.name == name)
}

/// The chapters that say most about a command.
pub fn chapters_of(command: &str) -> impl Iterator<Item = &'static Chapter> {
    CHAPTERS.iter().filter(move |chapter| chapter.commands.contains(&command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_begin_with_their_title_and_are_named_once() {
        for chapter in CHAPTERS {
            assert!(chapter.text.starts_with("# "), "{}", chapter.name);
            assert_eq!(CHAPTERS.iter().filter(|other| other.name == chapter.name).count(), 1, "{}", chapter.name);
        }
    }
}
