//! Configuration that serves all policies of a tree by one virtual host: nginx, Caddy, Apache, and a Cloudflare Worker, which holds the texts
//! itself.
//!
//! Names reach these texts as [`Domain`]s alone, which are letters, digits, hyphens, underscores and dots; everything else is ours.

use std::collections::HashMap;

use serde_json::json;

use super::decision::Stage;
use crate::name::Domain;

/// A host that a policy is asked for at, as a regular expression: the domain is behind `mta-sts.`, and no label is empty or a dot.
const HOST: &str = r"^mta-sts\.([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)$";

/// A path that can be written into every one of these files as it is, and means itself there.
///
/// # Errors
/// Names the character that cannot.
pub fn check_root(root: &str) -> Result<(), char> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@,:=~".contains(c);
    root.chars().find(|c| !is_plain(*c)).map_or(Ok(()), Err)
}

/// What is served of all domains.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    texts: Vec<String>,
    known: HashMap<String, usize>,
    of_domain: Vec<(Domain, usize)>,
}

impl Policies {
    /// Adds the policy of a domain.
    pub fn add(&mut self, domain: &Domain, stage: &Stage) {
        let next = self.texts.len();
        let text = *self.known.entry(stage.policy.clone()).or_insert(next);
        if text == next {
            self.texts.push(stage.policy.clone());
        }
        self.of_domain.push((domain.clone(), text));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.of_domain.is_empty()
    }

    /// The policy hosts, one per line, for whoever gets certificates.
    pub fn names(&self) -> String {
        self.of_domain.iter().map(|(domain, _)| format!("{}\n", domain.policy_host())).collect()
    }

    /// A site that lists the names, so that Caddy gets a certificate for each.
    pub fn caddy(&self, root: &str) -> String {
        let mut names: Vec<String> = self.of_domain.iter().map(|(domain, _)| format!("https://{}", domain.policy_host())).collect();
        if names.is_empty() {
            names.push("https://mta-sts.invalid".to_owned());
        }
        format!(
            "# One site for all policies; Caddy gets a certificate for each name by itself.
{} {{
	map {{host}} {{policy_domain}} {{
		~{HOST} \"${{1}}\"
		default \"none\"
	}}
	root * {root}/{{policy_domain}}
	@policy path /.well-known/mta-sts.txt
	handle @policy {{
		header Content-Type \"text/plain; charset=utf-8\"
		file_server
	}}
	handle {{
		respond 404
	}}
}}
",
            names.join(",\n")
        )
    }

    /// A module that answers for all names by itself; it knows the texts, and asks nobody.
    pub fn worker(&self) -> String {
        let of_domain: serde_json::Map<_, _> = self.of_domain.iter().map(|(domain, text)| (domain.to_string(), json!(text))).collect();
        format!(
            "// A Cloudflare Worker for all policies: add each name of names.txt to it as a custom domain.
const TEXTS = {};
const TEXT_OF = new Map(Object.entries({}));

export default {{
  async fetch(request) {{
    const url = new URL(request.url);
    const domain = url.hostname.startsWith(\"mta-sts.\") ? url.hostname.slice(\"mta-sts.\".length) : \"\";
    const text = url.pathname === \"/.well-known/mta-sts.txt\" ? TEXTS[TEXT_OF.get(domain)] : undefined;
    if (text === undefined) {{
      return new Response(\"not found\\n\", {{ status: 404, headers: {{ \"content-type\": \"text/plain\" }} }});
    }}
    if (request.method !== \"GET\" && request.method !== \"HEAD\") {{
      return new Response(null, {{ status: 405, headers: {{ allow: \"GET, HEAD\" }} }});
    }}
    return new Response(text, {{ headers: {{ \"content-type\": \"text/plain; charset=utf-8\" }} }});
  }},
}};
",
            json!(self.texts),
            serde_json::Value::Object(of_domain)
        )
    }
}

/// A server for any number of names. The certificate is looked up by the name that the client sends.
pub fn nginx(root: &str) -> String {
    let host = HOST.replacen('(', "(?<policy_domain>", 1);
    format!(
        "# One virtual host for all policies, to be included in the block http, as in /etc/nginx/conf.d.
# Each policy host has a certificate of its own, in the folder that certbot keeps it in; nginx 1.15.9 or newer finds it by the name that
# the client sends, and its workers must be able to read it. One certificate for all names can be named here instead.
map $ssl_server_name $policy_host {{
    default no-policy-host;
    \"~{HOST}\" $ssl_server_name;
}}

server {{
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name \"~{host}\";
    ssl_certificate /etc/letsencrypt/live/$policy_host/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/$policy_host/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;

    location = /.well-known/mta-sts.txt {{
        root {root}/$policy_domain;
        types {{ }}
        default_type text/plain;
        charset utf-8;
        charset_types text/plain;
    }}
    location / {{
        return 404;
    }}
}}
"
    )
}

/// A virtual host for any number of names.
pub fn apache(root: &str) -> String {
    format!(
        "# One virtual host for all policies: needs mod_ssl and mod_vhost_alias (a2enmod ssl vhost_alias).
# The certificate has to hold every name of names.txt.
<VirtualHost *:443>
    ServerName mta-sts.invalid
    ServerAlias mta-sts.*
    UseCanonicalName Off
    # %2+ is everything behind the first label of the name that was asked for.
    VirtualDocumentRoot {root}/%2+
    SSLEngine on
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    SSLCertificateFile /etc/letsencrypt/live/mta-sts/fullchain.pem
    SSLCertificateKeyFile /etc/letsencrypt/live/mta-sts/privkey.pem
    <Directory {root}>
        AllowOverride None
        Options None
        Require all denied
    </Directory>
    <LocationMatch \"^/\\.well-known/mta-sts\\.txt$\">
        Require all granted
        ForceType \"text/plain; charset=utf-8\"
    </LocationMatch>
</VirtualHost>
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_a_plain_path() {
        assert_eq!(check_root("/srv/mta-sts_1.2"), Ok(()));
        for (root, found) in [("/srv/a b", ' '), ("/srv/$x", '$'), ("/srv/x;", ';'), ("/srv/{x}", '{'), ("/srv/\n", '\n'), ("/\"", '"')] {
            assert_eq!(check_root(root), Err(found), "{root}");
        }
    }

    #[test]
    fn texts_that_are_alike_are_held_once() {
        let stage = |policy: &str| Stage {
            mode: crate::parse::policy::Mode::None,
            policy: policy.to_owned(),
            id: String::new(),
            record: String::new(),
        };
        let mut policies = Policies::default();
        for (domain, text) in [("a.example", "1\r\n"), ("b.example", "1\r\n"), ("c.example", "2\r\n")] {
            policies.add(&Domain::from_a_labels(domain).unwrap(), &stage(text));
        }
        assert!(policies.worker().contains(r#"const TEXTS = ["1\r\n","2\r\n"];"#));
        assert!(policies.worker().contains(r#"{"a.example":0,"b.example":0,"c.example":1}"#));
        assert_eq!(policies.names(), "mta-sts.a.example\nmta-sts.b.example\nmta-sts.c.example\n");
        assert!(policies.caddy("/srv").starts_with("# One") && policies.caddy("/srv").contains("https://mta-sts.b.example,\n"));
    }
}
