//! A profile of the files `~/.aws/config` and `~/.aws/credentials`, as far as it holds keys, a region and an endpoint.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;

use super::trouble::Trouble;
use crate::escape::safe;

/// Settings from which other programs get keys, and we do not.
const INDIRECT: &[&str] = &["sso_session", "sso_start_url", "role_arn", "credential_process", "login_session"];

/// What the files say of a profile.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    settings: BTreeMap<String, String>,
}

impl Profile {
    /// The profile that the environment names, or the usual one.
    pub(super) fn of_environment() -> Result<Self, Trouble> {
        let named = env::var("AWS_PROFILE").or_else(|_| env::var("AWS_DEFAULT_PROFILE")).ok().filter(|name| !name.is_empty());
        let file = |variable: &str, usual: &str| {
            let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE"));
            env::var_os(variable).map(PathBuf::from).or_else(|| Some(PathBuf::from(home?).join(".aws").join(usual)))
        };
        let text = |path: Option<PathBuf>| path.and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let (config, credentials) = (text(file("AWS_CONFIG_FILE", "config")), text(file("AWS_SHARED_CREDENTIALS_FILE", "credentials")));
        let name = named.as_deref().unwrap_or("default");
        let found = Self::of(&config, &credentials, name);
        match (found, named.is_some()) {
            (Some(found), true) => found.usable(name),
            (Some(found), false) => Ok(found),
            (None, true) => Err(Trouble::refused(format!(
                "neither ~/.aws/config nor ~/.aws/credentials has a profile {:?}; check AWS_PROFILE",
                safe(name)
            ))),
            (None, false) => Ok(Self::default()),
        }
    }

    fn of(config: &str, credentials: &str, name: &str) -> Option<Self> {
        let in_config =
            if name == "default" { vec!["default".to_owned(), "profile default".to_owned()] } else { vec![format!("profile {name}")] };
        let of_config = section(config, &in_config);
        let of_credentials = section(credentials, &[name.to_owned()]);
        if of_config.is_none() && of_credentials.is_none() {
            return None;
        }
        let mut settings = of_config.unwrap_or_default();
        settings.extend(of_credentials.unwrap_or_default());
        Some(Self { settings })
    }

    /// The profile, if its keys can be had without another program.
    fn usable(self, name: &str) -> Result<Self, Trouble> {
        let indirect =
            INDIRECT.iter().find(|setting| self.settings.contains_key(**setting)).filter(|_| self.get("aws_access_key_id").is_none());
        match indirect {
            Some(setting) => Err(Trouble::refused(format!(
                "the profile {:?} gets its keys by {setting}, which stscan does not do; put them into the environment first: \
                 eval \"$(aws configure export-credentials --profile NAME --format env)\"",
                safe(name)
            ))),
            None => Ok(self),
        }
    }

    /// A setting.
    pub(super) fn get(&self, setting: &str) -> Option<&str> {
        self.settings.get(setting).map(String::as_str)
    }
}

/// The settings of the first section with one of these names; what is indented belongs to the setting above it.
fn section(text: &str, names: &[String]) -> Option<BTreeMap<String, String>> {
    let mut found: Option<BTreeMap<String, String>> = None;
    let mut is_inside = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(header) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let header = header.0.split_whitespace().collect::<Vec<_>>().join(" ");
            is_inside = names.contains(&header);
            if is_inside {
                found.get_or_insert_default();
            }
        } else if is_inside
            && !trimmed.starts_with(['#', ';'])
            && !line.starts_with([' ', '\t'])
            && let (Some((key, value)), Some(found)) = (trimmed.split_once('='), found.as_mut())
        {
            found.entry(key.trim().to_ascii_lowercase()).or_insert_with(|| value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[default]\nregion = eu-west-1\n# aws_access_key_id = no\n[profile  lab]\nregion=eu-north-1\ns3 =\n  endpoint_url = http://no\n\
                          endpoint_url = http://127.0.0.1:9000\n[profile corporate]\nsso_session = x\n";
    const CREDENTIALS: &str = "[lab]\naws_access_key_id = AKIA\naws_secret_access_key = a=b/c\n[default]\naws_access_key_id = D\n";

    #[test]
    fn a_profile_is_read_from_both_files() {
        let lab = Profile::of(CONFIG, CREDENTIALS, "lab").unwrap();
        let settings = ["region", "endpoint_url", "aws_access_key_id", "aws_secret_access_key"].map(|setting| lab.get(setting));
        assert_eq!(settings, [Some("eu-north-1"), Some("http://127.0.0.1:9000"), Some("AKIA"), Some("a=b/c")]);
        let usual = Profile::of(CONFIG, CREDENTIALS, "default").unwrap();
        assert_eq!((usual.get("region"), usual.get("aws_access_key_id")), (Some("eu-west-1"), Some("D")));
        assert_eq!(Profile::of(CONFIG, CREDENTIALS, "other"), None);
        let told = Profile::of(CONFIG, CREDENTIALS, "corporate").unwrap().usable("corporate").unwrap_err().to_string();
        assert!(told.contains("sso_session") && told.contains("export-credentials"), "{told}");
    }
}
