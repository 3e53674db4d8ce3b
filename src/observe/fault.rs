//! From the errors of the system, rustls and of HTTP to fault codes and our own words: the one place, by type and never by text.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, PeerIncompatible};

use super::certificate::cut;
use super::fetch::NoResponse;
use super::tls::HelloError;
use super::wire::Spent;
use crate::evidence::{FetchError, FetchFault, FetchStage};
use crate::parse::smtp_reply::ReplyFault;
use crate::system::Errno;
use crate::words;

/// Octets of an error's words that are kept.
const MAX_TEXT_OCTETS: usize = 300;

/// What an error that ended a step means.
///
/// The chain of causes is walked from the outermost: the reader of responses wraps io errors, io errors wrap those of rustls.
pub(super) fn of(stage: FetchStage, error: &(dyn Error + 'static)) -> FetchError {
    let causes = std::iter::successors(Some(error), |error| inner(*error));
    let fault = causes.clone().find_map(|cause| known(stage, cause)).unwrap_or(FetchFault::Other);
    let alert = causes.clone().find_map(alert_of);
    let text = causes.filter_map(in_words).last();
    let text = text.unwrap_or_else(|| "the step failed for an unknown reason".to_owned());
    FetchError { stage: blamed(stage, fault), fault, alert, text: cut(text, MAX_TEXT_OCTETS) }
}

/// The step took longer than it may.
pub(super) fn timeout(stage: FetchStage) -> FetchError {
    FetchError::new(stage, FetchFault::Timeout, "no answer in time")
}

/// In TLS 1.3 a server's refusal arrives after the client's side of the handshake is done.
fn blamed(stage: FetchStage, fault: FetchFault) -> FetchStage {
    match (stage, fault) {
        (FetchStage::Http | FetchStage::EhloInTls, FetchFault::TlsAlert | FetchFault::TlsVersion | FetchFault::TlsProtocol) => {
            FetchStage::Tls
        }
        _ => stage,
    }
}

fn is_of_mail(stage: FetchStage) -> bool {
    matches!(stage, FetchStage::Greeting | FetchStage::Ehlo | FetchStage::Starttls | FetchStage::EhloInTls)
}

/// The cause of an error. `io::Error` gives its custom error as itself, and its cause as that one's cause.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(NoResponse::Connection(error)) = error.downcast_ref() {
        return Some(error);
    }
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(custom) => Some(custom),
        None => error.source(),
    }
}

/// What an error says, in our own words; the innermost that is known says most.
fn in_words(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(words::tls(error));
    }
    match error.downcast_ref::<HelloError>() {
        Some(HelloError::Alert(alert)) => return Some(words::tls(&rustls::Error::AlertReceived((*alert).into()))),
        Some(HelloError::Protocol(what)) => return Some((*what).to_owned()),
        Some(HelloError::Io(_)) | None => {}
    }
    if let Some(error) = error.downcast_ref::<rustls::pki_types::InvalidDnsNameError>() {
        let rustls::pki_types::InvalidDnsNameError = error;
        return Some("the name cannot stand in a TLS handshake".to_owned());
    }
    match error.downcast_ref::<NoResponse>() {
        Some(NoResponse::Ended(text) | NoResponse::Protocol(text)) => return Some(text.clone()),
        Some(NoResponse::Connection(_)) => return None, // Its cause says it.
        None => {}
    }
    if let Some(error) = error.downcast_ref::<ReplyFault>() {
        return Some(error.to_string());
    }
    error.downcast_ref::<Spent>().map(ToString::to_string).or_else(|| error.downcast_ref::<io::Error>().map(words::system))
}

fn known(stage: FetchStage, error: &(dyn Error + 'static)) -> Option<FetchFault> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(of_tls(error));
    }
    if let Some(error) = error.downcast_ref::<HelloError>() {
        return of_hello(error);
    }
    if error.downcast_ref::<ReplyFault>().is_some() {
        return Some(FetchFault::SmtpProtocol);
    }
    match (error.downcast_ref::<NoResponse>(), error.downcast_ref::<Spent>()) {
        (Some(NoResponse::Ended(_)), _) => return Some(early_end(stage)),
        (Some(NoResponse::Protocol(_)), _) => return Some(FetchFault::HttpProtocol),
        (_, Some(_)) if stage == FetchStage::Tls => return Some(FetchFault::TlsProtocol),
        (_, Some(_)) if is_of_mail(stage) => return Some(FetchFault::SmtpProtocol),
        (_, Some(_)) => return Some(FetchFault::HttpProtocol),
        _ => {}
    }
    error.downcast_ref::<io::Error>().and_then(|error| of_io(stage, error))
}

fn alert_of(error: &(dyn Error + 'static)) -> Option<u8> {
    match (error.downcast_ref(), error.downcast_ref()) {
        (Some(rustls::Error::AlertReceived(alert)), _) => Some(u8::from(*alert)),
        (_, Some(HelloError::Alert(alert))) => Some(*alert),
        _ => None,
    }
}

/// `None` for errors of the connection, whose cause knows better.
fn of_hello(error: &HelloError) -> Option<FetchFault> {
    match error {
        HelloError::Io(_) => None,
        HelloError::Alert(alert) => Some(of_tls(&rustls::Error::AlertReceived((*alert).into()))),
        HelloError::Protocol(_) => Some(FetchFault::TlsProtocol),
    }
}

fn of_tls(error: &rustls::Error) -> FetchFault {
    use rustls::Error::{AlertReceived, FailedToGetCurrentTime, FailedToGetRandomBytes, PeerIncompatible as Incompatible};
    match error {
        AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::InsufficientSecurity) => FetchFault::TlsVersion,
        AlertReceived(_) => FetchFault::TlsAlert,
        Incompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::NoCipherSuitesInCommon
            | PeerIncompatible::NoKxGroupsInCommon
            | PeerIncompatible::NoEcPointFormatsInCommon
            | PeerIncompatible::NoSignatureSchemesInCommon,
        ) => FetchFault::TlsVersion,
        FailedToGetCurrentTime | FailedToGetRandomBytes => FetchFault::Local,
        rustls::Error::General(_) | rustls::Error::Other(_) => FetchFault::Other,
        _ => FetchFault::TlsProtocol,
    }
}

/// A connection that ends in the midst of a body cuts it; before that there is nothing to cut.
fn early_end(stage: FetchStage) -> FetchFault {
    if stage == FetchStage::Body { FetchFault::Truncated } else { FetchFault::Reset }
}

fn of_io(stage: FetchStage, error: &io::Error) -> Option<FetchFault> {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(
            Errno::EMFILE
            | Errno::ENFILE
            | Errno::EADDRNOTAVAIL
            | Errno::EACCES
            | Errno::EPERM
            | Errno::ENOBUFS
            | Errno::ENOMEM
            | Errno::ENETDOWN
            | Errno::EAFNOSUPPORT,
        ) => return Some(FetchFault::Local),
        Some(Errno::EHOSTDOWN) => return Some(FetchFault::Unreachable),
        _ => {}
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(FetchFault::Refused),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected => {
            Some(FetchFault::Reset)
        }
        io::ErrorKind::TimedOut => Some(FetchFault::Timeout),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Some(FetchFault::Unreachable),
        io::ErrorKind::UnexpectedEof => Some(early_end(stage)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::UNRECOGNIZED_NAME;

    fn fault(stage: FetchStage, error: impl Error + 'static) -> FetchFault {
        of(stage, &error).fault
    }

    #[test]
    fn faults_of_this_machine_are_not_the_peers() {
        for errno in [Errno::EMFILE, Errno::ENFILE, Errno::EADDRNOTAVAIL, Errno::EACCES, Errno::EPERM, Errno::ENOBUFS, Errno::ENETDOWN] {
            let error = io::Error::from_raw_os_error(errno as i32);
            assert_eq!(fault(FetchStage::Connect, error), FetchFault::Local, "{errno}");
        }
    }

    #[test]
    fn what_the_network_says_keeps_its_kind() {
        for (errno, expected) in [
            (Errno::ECONNREFUSED, FetchFault::Refused),
            (Errno::ECONNRESET, FetchFault::Reset),
            (Errno::EPIPE, FetchFault::Reset),
            (Errno::ETIMEDOUT, FetchFault::Timeout),
            (Errno::EHOSTUNREACH, FetchFault::Unreachable),
            (Errno::ENETUNREACH, FetchFault::Unreachable),
            (Errno::EHOSTDOWN, FetchFault::Unreachable),
            (Errno::EXDEV, FetchFault::Other),
        ] {
            assert_eq!(fault(FetchStage::Connect, io::Error::from_raw_os_error(errno as i32)), expected, "{errno}");
        }
    }

    #[test]
    fn tls_errors_are_found_inside_io_errors() {
        let wrapped = |error: rustls::Error| io::Error::new(io::ErrorKind::InvalidData, error);
        for (error, expected) in [
            (rustls::Error::AlertReceived(AlertDescription::ProtocolVersion), FetchFault::TlsVersion),
            (rustls::Error::AlertReceived(AlertDescription::HandshakeFailure), FetchFault::TlsAlert),
            (rustls::Error::AlertReceived(AlertDescription::UnrecognisedName), FetchFault::TlsAlert),
            (PeerIncompatible::ServerDoesNotSupportTls12Or13.into(), FetchFault::TlsVersion),
            (PeerIncompatible::ExtendedMasterSecretExtensionRequired.into(), FetchFault::TlsProtocol),
            (rustls::InvalidMessage::InvalidContentType.into(), FetchFault::TlsProtocol),
            (rustls::CertificateError::BadSignature.into(), FetchFault::TlsProtocol),
            (rustls::Error::FailedToGetRandomBytes, FetchFault::Local),
        ] {
            let found = of(FetchStage::Tls, &wrapped(error.clone()));
            assert_eq!((found.fault, found.text), (expected, words::tls(&error)));
        }
        let alert = |error: rustls::Error| of(FetchStage::Tls, &wrapped(error)).alert;
        assert_eq!(alert(rustls::Error::AlertReceived(AlertDescription::UnrecognisedName)), Some(UNRECOGNIZED_NAME));
        assert_eq!(alert(rustls::Error::AlertReceived(AlertDescription::Unknown(200))), Some(200));
        assert_eq!(alert(rustls::Error::FailedToGetRandomBytes), None);
        let late = of(FetchStage::Http, &wrapped(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)));
        assert_eq!((late.stage, late.fault), (FetchStage::Tls, FetchFault::TlsAlert));
    }

    #[test]
    fn an_early_end_cuts_a_body_and_nothing_else() {
        let end = || io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(fault(FetchStage::Tls, end()), FetchFault::Reset);
        assert_eq!(fault(FetchStage::Http, end()), FetchFault::Reset);
        assert_eq!(fault(FetchStage::Body, end()), FetchFault::Truncated);
    }

    #[test]
    fn the_words_are_ours() {
        let library = "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/rustls/manual/";
        let end = || io::Error::new(io::ErrorKind::UnexpectedEof, library);
        let at = |stage| of(stage, &end()).text;
        assert_eq!(at(FetchStage::Tls), "the connection ended early");
        let nested = io::Error::other(io::Error::other(library));
        for text in [at(FetchStage::Http), at(FetchStage::Body), of(FetchStage::Http, &nested).text, of(FetchStage::Tls, &Unheard).text] {
            assert!(!text.is_empty() && !text.contains("://") && !text.contains("peer closed") && text.len() <= MAX_TEXT_OCTETS, "{text}");
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("https://example.org/an-error-of-tomorrow")]
    struct Unheard;
}
