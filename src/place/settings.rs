//! What the environment says of stores: credentials, regions, endpoints, roots, and how long a store is waited for. None of it reaches a manifest.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use object_store::RetryConfig;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder};
use reqwest::{Client, redirect};
use rustls::RootCertStore;

use super::courier::{Courier, Patience};
use super::profile::Profile;
use super::trouble::Trouble;
use crate::words;

/// How long a store may say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// For how long a request that fails is repeated.
const RETRY: Duration = Duration::from_secs(180);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How long stores are waited for.
fn patience() -> Result<Patience, Trouble> {
    let seconds = |name: &str, usual: Duration| match env::var(name) {
        Ok(text) => {
            let seconds = text.trim().parse().ok().filter(|seconds: &f64| (0.0..=86_400.0).contains(seconds)).map(Duration::from_secs_f64);
            seconds.ok_or_else(|| Trouble::refused(format!("{name}={text:?} is no number of seconds up to a day; set one, or none")))
        }
        Err(_) => Ok(usual),
    };
    Ok(Patience { silence: seconds("STSCAN_STORE_TIMEOUT", SILENCE)?, retry: seconds("STSCAN_STORE_RETRY", RETRY)? })
}

/// What carries requests to a bucket.
pub(super) fn courier(bucket: &str) -> Result<Courier, Trouble> {
    let allow_http = env::var("AWS_ALLOW_HTTP").is_ok_and(|word| word.eq_ignore_ascii_case("true") || word == "1");
    let clients = (client(false)?, client(true)?);
    Ok(Courier::new(clients, bucket, patience()?, allow_http))
}

fn client(direct: bool) -> Result<Client, Trouble> {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Trouble::refused(words::tls(&error)))?
        .with_root_certificates(roots()?)
        .with_no_client_auth();
    let agent = concat!("stscan/", env!("CARGO_PKG_VERSION"));
    // A redirected request would not be signed for where it goes.
    let builder =
        Client::builder().tls_backend_preconfigured(tls).user_agent(agent).redirect(redirect::Policy::none()).connect_timeout(CONNECT);
    let builder = if direct { builder.no_proxy() } else { builder };
    builder.build().map_err(|error| Trouble::refused(words::exchange(&error)))
}

/// The built-in roots, and those of the file that the environment names, as private stores have them.
fn roots() -> Result<RootCertStore, Trouble> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        let Some(path) = env::var_os(variable).filter(|path| !path.is_empty()) else { continue };
        let found = rustls_native_certs::load_certs_from_paths(Some(path.as_ref()), None);
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            let shown = path.to_string_lossy();
            return Err(Trouble::refused(format!(
                "{variable}={shown:?} holds no certificate in PEM that can be a root; name another file, or none"
            )));
        }
    }
    Ok(roots)
}

/// Everything is repeated by the courier, and by nobody else.
fn never() -> RetryConfig {
    RetryConfig { max_retries: 0, ..RetryConfig::default() }
}

/// A bucket of S3.
pub(super) fn s3(bucket: &str, courier: Courier) -> Result<AmazonS3, Trouble> {
    // One request for each object that is removed: not every store knows how to remove many by one.
    let builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_http_connector(courier).with_retry(never());
    let mut builder = builder.with_allow_http(true).with_disable_bulk_delete(true);
    let profile = Profile::of_environment()?;
    let is_set = |builder: &AmazonS3Builder, key: AmazonS3ConfigKey| builder.get_config_value(&key).is_some_and(|value| !value.is_empty());
    let keys = [AmazonS3ConfigKey::AccessKeyId, AmazonS3ConfigKey::SecretAccessKey, AmazonS3ConfigKey::Token];
    if !is_set(&builder, AmazonS3ConfigKey::AccessKeyId) && !is_set(&builder, AmazonS3ConfigKey::WebIdentityTokenFile) {
        for (key, setting) in keys.into_iter().zip(["aws_access_key_id", "aws_secret_access_key", "aws_session_token"]) {
            builder = profile.get(setting).into_iter().fold(builder, |builder, value| builder.with_config(key, value));
        }
    }
    let (region, endpoint) = (AmazonS3ConfigKey::Region, AmazonS3ConfigKey::Endpoint);
    if let Some(value) = profile.get("region").filter(|_| !is_set(&builder, region)) {
        builder = builder.with_region(value);
    }
    if let Some(value) = profile.get("endpoint_url").filter(|_| !is_set(&builder, endpoint)) {
        builder = builder.with_endpoint(value);
    }
    Ok(builder.build()?)
}

/// A bucket of Google Cloud Storage.
pub(super) fn gs(bucket: &str, courier: Courier) -> Result<GoogleCloudStorage, Trouble> {
    Ok(GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_http_connector(courier).with_retry(never()).build()?)
}

/// A container of Azure Blob Storage.
pub(super) fn az(container: &str, courier: Courier) -> Result<MicrosoftAzure, Trouble> {
    let builder = MicrosoftAzureBuilder::from_env().with_container_name(container).with_http_connector(courier).with_retry(never());
    builder
        .with_allow_http(true)
        .build()
        .map_err(|error| Trouble::refused(format!("{error}; set AZURE_STORAGE_ACCOUNT_NAME and a key or token")))
}
