//! Our own words for what the system and the libraries below report: what users read is never a library's text, nor its URL.
//!
//! Told by type and never by text, so that they stay as they are when a library changes its own.

use std::error::Error as _;
use std::io;

use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible, PeerMisbehaved};

use crate::system::Errno;

/// What the system says of a connection, a socket or a thread.
pub(crate) fn system(error: &io::Error) -> String {
    if let Some(number) = error.raw_os_error() {
        return errno(Errno::from_raw(number)).map_or_else(|| format!("system error {number}"), str::to_owned);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the connection ended early",
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset => "connection reset",
        io::ErrorKind::ConnectionAborted => "connection aborted",
        io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected => "the connection is closed",
        io::ErrorKind::TimedOut => "no answer in time",
        io::ErrorKind::HostUnreachable => "host unreachable",
        io::ErrorKind::NetworkUnreachable => "network unreachable",
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => "it sends what breaks the protocol",
        io::ErrorKind::OutOfMemory => "this machine has no memory left",
        _ => "the connection failed",
    }
    .to_owned()
}

fn errno(errno: Errno) -> Option<&'static str> {
    Some(match errno {
        Errno::ECONNREFUSED => "connection refused",
        Errno::ECONNRESET => "connection reset",
        Errno::ECONNABORTED => "connection aborted",
        Errno::EPIPE | Errno::ENOTCONN => "the connection is closed",
        Errno::ETIMEDOUT => "no answer in time",
        Errno::EHOSTUNREACH => "host unreachable",
        Errno::ENETUNREACH => "network unreachable",
        Errno::EHOSTDOWN => "host down",
        Errno::EMFILE | Errno::ENFILE => "this machine has no file descriptor left; raise the limit of open files",
        Errno::EADDRNOTAVAIL => "this machine has no free port or no such address",
        Errno::EADDRINUSE => "the port is in use on this machine",
        Errno::EACCES | Errno::EPERM => "this machine does not permit it",
        Errno::ENOBUFS | Errno::ENOMEM => "this machine has no memory left for it",
        Errno::ENETDOWN => "the network of this machine is down",
        Errno::EAFNOSUPPORT => "this machine does not support the kind of address",
        Errno::EMSGSIZE => "the message is too large to be sent",
        Errno::EINVAL => "this machine does not accept the address",
        _ => return None,
    })
}

/// What the TLS library says of a peer.
pub(crate) fn tls(error: &rustls::Error) -> String {
    use rustls::Error as E;
    match error {
        E::AlertReceived(alert) => format!("it sends the TLS alert {}", alert_name(*alert)),
        E::PeerIncompatible(why) => incompatible(why).to_owned(),
        E::PeerMisbehaved(why) => misbehaved(why).to_owned(),
        E::InvalidMessage(why) => invalid_message(why).to_owned(),
        E::InvalidCertificate(why) => format!("its certificate is not accepted: {}", refused_certificate(why)),
        E::InappropriateMessage { .. } | E::InappropriateHandshakeMessage { .. } => "it sends a TLS message that is not due".to_owned(),
        E::NoCertificatesPresented => "it presents no certificate".to_owned(),
        E::DecryptError => "it sends what cannot be decrypted".to_owned(),
        E::PeerSentOversizedRecord => "it sends a TLS record that is too long".to_owned(),
        E::UnsupportedNameType => "the name cannot stand in a TLS handshake".to_owned(),
        E::FailedToGetCurrentTime => "this machine does not know the time".to_owned(),
        E::FailedToGetRandomBytes => "this machine has no random numbers".to_owned(),
        _ => "the TLS library gave up".to_owned(),
    }
}

fn incompatible(why: &PeerIncompatible) -> &'static str {
    use PeerIncompatible as P;
    match why {
        P::ServerDoesNotSupportTls12Or13 | P::ServerTlsVersionIsDisabledByOurConfig => "it offers neither TLS 1.2 nor TLS 1.3",
        P::NoCipherSuitesInCommon => "no cipher suite in common",
        P::NoKxGroupsInCommon => "no key exchange group in common",
        P::NoEcPointFormatsInCommon => "no form of elliptic curve points in common",
        P::NoSignatureSchemesInCommon | P::NoCertificateRequestSignatureSchemesInCommon => "no signature algorithm in common",
        P::ExtendedMasterSecretExtensionRequired => "it does not support the extended master secret of RFC 7627",
        P::NullCompressionRequired => "it wants TLS compression",
        _ => "it wants something of TLS that is not supported here",
    }
}

fn misbehaved(why: &PeerMisbehaved) -> &'static str {
    use PeerMisbehaved as P;
    match why {
        P::SelectedUnofferedApplicationProtocol => "it chooses an application protocol that was not offered",
        P::SelectedUnofferedCipherSuite | P::SelectedUnusableCipherSuiteForVersion => "it chooses a cipher suite that was not offered",
        P::SelectedUnofferedKxGroup | P::WrongGroupForKeyShare => "it chooses a key exchange group that was not offered",
        P::SelectedUnofferedCompression => "it chooses a compression that was not offered",
        P::SignedHandshakeWithUnadvertisedSigScheme | P::SignedKxWithWrongAlgorithm => {
            "it signs the handshake with an algorithm that was not offered"
        }
        P::InvalidKeyShare | P::MissingKeyShare => "its part of the key exchange is not valid",
        P::AttemptedDowngradeToTls12WhenTls13IsSupported => "the handshake was moved to TLS 1.2, although both sides know TLS 1.3",
        P::TooManyEmptyFragments
        | P::TooManyKeyUpdateRequests
        | P::TooManyRenegotiationRequests
        | P::TooManyWarningAlertsReceived
        | P::IllegalMiddleboxChangeCipherSpec => "it repeats TLS messages that have no purpose",
        _ => "it breaks the rules of TLS",
    }
}

fn invalid_message(why: &InvalidMessage) -> &'static str {
    match why {
        InvalidMessage::InvalidContentType => "it answers with something other than TLS",
        InvalidMessage::MessageTooLarge | InvalidMessage::HandshakePayloadTooLarge => "it sends a TLS message that is too long",
        InvalidMessage::CertificatePayloadTooLarge => "its certificates are too long",
        InvalidMessage::UnknownProtocolVersion => "it names a TLS version that nobody knows",
        _ => "it sends a TLS message that cannot be read",
    }
}

/// Why the TLS library takes a certificate for invalid.
fn refused_certificate(why: &CertificateError) -> &'static str {
    use CertificateError as C;
    match why {
        C::Expired | C::ExpiredContext { .. } => "it has expired",
        C::NotValidYet | C::NotValidYetContext { .. } => "it is not yet valid",
        C::Revoked => "it is revoked",
        C::UnknownIssuer => "no trusted root vouches for it",
        C::NotValidForName | C::NotValidForNameContext { .. } => "it is for another name",
        C::BadSignature => "a signature does not fit",
        C::BadEncoding => "it cannot be read",
        _ => "it breaks a rule of RFC 5280",
    }
}

/// A TLS alert by its name in IANA's registry, with its number.
fn alert_name(alert: AlertDescription) -> String {
    let name = match u8::from(alert) {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        52 => "too_many_cids_requested",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        121 => "ech_required",
        number => return number.to_string(),
    };
    format!("{name} ({})", u8::from(alert))
}

/// What the path builder says of a certificate chain.
pub(crate) fn path(error: &webpki::Error) -> &'static str {
    use webpki::Error as E;
    match error {
        E::CertExpired { .. } => "a certificate has expired",
        E::CertNotValidYet { .. } => "a certificate is not yet valid",
        E::InvalidCertValidity => "its validity ends before it begins",
        E::CertNotValidForName(_) => "none of its names is that of the host",
        E::UnknownIssuer => "no trusted root vouches for it",
        E::CertRevoked => "a certificate is revoked",
        E::CertDistrusted => "its key is distrusted",
        E::CaUsedAsEndEntity => "it is a certificate of a certification authority",
        E::EndEntityUsedAsCa => "it is issued by what is no certification authority",
        E::InvalidSignatureForPublicKey | E::SignatureAlgorithmMismatch => "a signature in the chain does not fit",
        E::UnsupportedSignatureAlgorithmContext(_) | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            "a signature in the chain is of a kind that is not supported here"
        }
        E::NameConstraintViolation | E::MalformedNameConstraint | E::InvalidNetworkMaskConstraint => {
            "it violates the name constraints of an issuer"
        }
        E::PathLenConstraintViolated => "the chain is longer than an issuer allows",
        E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => "it is not for TLS servers (extended key usage)",
        E::UnsupportedCriticalExtension => "it has a critical extension that is not supported here",
        E::UnsupportedCertVersion => "it is no X.509 certificate of version 3",
        E::MaximumPathBuildCallsExceeded
        | E::MaximumPathDepthExceeded
        | E::MaximumSignatureChecksExceeded
        | E::MaximumNameConstraintComparisonsExceeded => "the chain is too long or too tangled to be followed",
        E::BadDer
        | E::BadDerTime
        | E::ExtensionValueInvalid
        | E::InvalidSerialNumber
        | E::MalformedDnsIdentifier
        | E::MalformedExtensions
        | E::TrailingData(_) => "it cannot be read",
        _ => "it breaks a rule of RFC 5280",
    }
}

/// The stage of an HTTP exchange that failed and why, as far as the innermost cause that is known says.
pub(crate) fn exchange(error: &reqwest::Error) -> String {
    let stage = match error {
        error if error.is_timeout() => "no answer in time",
        error if error.is_redirect() => "refused redirect",
        error if error.is_dns() => "the host name cannot be resolved",
        error if is_tls(error) => "TLS failed",
        error if error.is_connect() => "no connection",
        error if error.is_body() || error.is_decode() => "the transfer broke off",
        _ => "the request failed",
    };
    let why = if error.is_redirect() {
        causes(error).last().map(ToString::to_string) // Said above, when the redirect was refused.
    } else {
        all_causes(error).filter_map(in_words).last()
    };
    why.map_or_else(|| stage.to_owned(), |why| format!("{stage} ({why})"))
}

fn in_words(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    let tls = cause.downcast_ref::<rustls::Error>().map(tls);
    tls.or_else(|| cause.downcast_ref::<std::io::Error>().filter(|error| error.raw_os_error().is_some()).map(system))
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

fn is_tls(error: &reqwest::Error) -> bool {
    all_causes(error).any(|cause| cause.is::<rustls::Error>())
}

/// The causes and what they wrap.
fn all_causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    causes(error).flat_map(|cause| std::iter::successors(Some(cause), |&cause| wrapped(cause)))
}

/// What an I/O error wraps, which it does not name as its source.
fn wrapped<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    let inner = cause.downcast_ref::<std::io::Error>()?.get_ref()?;
    Some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a library's text has and ours has not: its own identifiers, addresses of documentation, numbers of the system.
    #[track_caller]
    fn assert_ours(text: &str, raw: &str) {
        assert!(!text.is_empty() && text != raw, "{text}");
        assert!(!text.contains("://") && !text.contains("os error") && !text.contains("Error"), "{text}");
        let camel = text.split(|c: char| !c.is_alphanumeric()).any(|word| word.chars().skip(1).any(char::is_uppercase) && word != "TLS");
        assert!(!camel || ["RFC", "TLS"].iter().any(|known| text.contains(known)), "{text}");
    }

    #[test]
    fn no_text_of_the_system_is_passed_on() {
        for number in 1..=133 {
            let error = io::Error::from_raw_os_error(number);
            assert_ours(&system(&error), &error.to_string());
        }
        let hidden = io::Error::new(io::ErrorKind::UnexpectedEof, "see https://docs.rs/some-library");
        assert_ours(&system(&hidden), &hidden.to_string());
    }

    #[test]
    fn no_text_of_the_tls_library_is_passed_on() {
        let errors: [rustls::Error; 9] = [
            rustls::Error::General("https://example.org".to_owned()),
            rustls::Error::DecryptError,
            PeerIncompatible::NoCipherSuitesInCommon.into(),
            PeerIncompatible::UncompressedEcPointsRequired.into(),
            PeerMisbehaved::TooManyKeyUpdateRequests.into(),
            PeerMisbehaved::IncorrectBinder.into(),
            InvalidMessage::InvalidContentType.into(),
            CertificateError::BadSignature.into(),
            rustls::Error::AlertReceived(AlertDescription::HandshakeFailure),
        ];
        for error in errors {
            assert_ours(&tls(&error), &error.to_string());
        }
        assert_eq!(
            tls(&rustls::Error::AlertReceived(AlertDescription::UnrecognisedName)),
            "it sends the TLS alert unrecognized_name (112)"
        );
        assert_eq!(tls(&rustls::Error::AlertReceived(AlertDescription::Unknown(200))), "it sends the TLS alert 200");
    }
}
