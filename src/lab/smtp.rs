//! The mail servers: one port, an address for each that is told apart before TLS, certificates by SNI, and every way in which a server
//! can misbehave.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::certificate::Authority;
use super::handshake::reset;
use super::internet::Internet;
use super::journal::{Journal, MailVisit};
use super::mail_tls::MailTls;
use super::site::{Ehlo, Greeting, Mail, Starttls};
use super::world::Occupant;

/// A connection that takes longer is given up, so that no scan leaves tasks behind.
const LONGEST: Duration = Duration::from_secs(120);
/// Most octets of a command and most commands: nobody honest sends more.
const COMMAND_OCTETS: usize = 4096;
const COMMANDS: usize = 100;
/// What a server that drips says, again and again, a byte at a time, with so long between two.
const DRIP: (&[u8], Duration) = (b"220-one moment please\r\n", Duration::from_secs(1));

/// What all connections share.
#[derive(Debug)]
pub(super) struct MailServers {
    internet: Arc<Internet>,
    journal: Arc<Journal>,
    tls: MailTls,
    /// Connections so far to each address that is told apart before TLS: some servers are otherwise the first time.
    visits: Mutex<HashMap<IpAddr, u32>>,
}

/// What becomes of a connection after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Continue,
    StartTls,
    End,
}

impl MailServers {
    pub(super) fn new(internet: Arc<Internet>, journal: Arc<Journal>, authority: Arc<Authority>) -> io::Result<Self> {
        let tls = MailTls::new(&internet, authority)?;
        Ok(Self { internet, journal, tls, visits: Mutex::default() })
    }

    /// Accepts connections until it is stopped.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let Ok(address) = listener.local_addr().map(|address| address.ip()) else { return };
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let servers = Arc::clone(&self);
                    tokio::spawn(async move {
                        let mut visit = Noted::new(address, Arc::clone(&servers.journal));
                        // A client that breaks off is no fault of the lab.
                        let _ = tokio::time::timeout(LONGEST, servers.converse(stream, address, &mut visit)).await;
                    });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    async fn converse(&self, stream: TcpStream, address: IpAddr, visit: &mut Noted) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let occupant = match address {
            IpAddr::V4(address) => self.internet.occupant(address),
            IpAddr::V6(_) => None,
        };
        let first = occupant.is_some() && self.is_first(address);
        let mail = occupant.as_ref().map_or(const { &Mail::healthy() }, |occupant| &occupant.mail);
        let mut talk = Talk { stream, buffer: Vec::new(), mail, first, encrypted: false };
        if talk.greet(visit).await? == Next::End {
            return talk.dismiss(visit).await;
        }
        loop {
            match talk.turn(visit).await? {
                Next::Continue => {}
                Next::End => return talk.dismiss(visit).await,
                Next::StartTls => break,
            }
        }
        if talk.before_tls(visit).await? == Next::End {
            return Ok(());
        }
        visit.0.in_clear = Some(visit.0.commands.len());
        let Talk { stream, first, .. } = talk;
        self.encrypted(stream, occupant.as_ref(), first, visit).await
    }

    /// The conversation from the handshake on.
    async fn encrypted(&self, stream: TcpStream, occupant: Option<&Occupant>, first: bool, visit: &mut Noted) -> io::Result<()> {
        let Some(tls) = self.tls.shake_hands(stream, occupant, &mut visit.0.name).await? else {
            visit.0.dismissed = true;
            return Ok(());
        };
        self.journal.handshake();
        let mail = occupant.map_or(const { &Mail::healthy() }, |occupant| &occupant.mail);
        let mut talk = Talk { stream: tls, buffer: Vec::new(), mail, first, encrypted: true };
        while talk.turn(visit).await? == Next::Continue {}
        talk.dismiss(visit).await
    }

    fn is_first(&self, address: IpAddr) -> bool {
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        let count = visits.entry(address).or_default();
        *count += 1;
        *count == 1
    }
}

/// A connection that is entered in the journal when it ends.
struct Noted(MailVisit, Arc<Journal>);

impl Noted {
    fn new(address: IpAddr, journal: Arc<Journal>) -> Self {
        journal.mail_visit_begins();
        let begun = Instant::now();
        let visit = MailVisit {
            address,
            begun,
            ended: begun,
            greeted: None,
            early: false,
            pipelined: false,
            commands: Vec::new(),
            in_clear: None,
            name: None,
            dismissed: false,
        };
        Self(visit, journal)
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.ended = Instant::now();
        self.1.mail_visit(self.0.clone());
    }
}

/// One connection before TLS, or within it.
struct Talk<'m, S> {
    stream: S,
    /// What came behind the last command.
    buffer: Vec<u8>,
    mail: &'m Mail,
    /// Whether it is the first connection to the address.
    first: bool,
    encrypted: bool,
}

impl Talk<'_, TcpStream> {
    /// Everything up to the last line of the greeting.
    async fn greet(&mut self, visit: &mut Noted) -> io::Result<Next> {
        const USUAL: &[u8] = b"220 mail ESMTP ready\r\n";
        match &self.mail.greeting {
            Greeting::Delayed(delay) => return self.greet_after(*delay, USUAL, visit).await,
            Greeting::Teaser(delay) => {
                self.say(b"220-mail ESMTP, one moment\r\n").await?;
                return self.greet_after(*delay, USUAL, visit).await;
            }
            Greeting::Lines(lines) => self.say(&b"220-mail ESMTP, and so on\r\n".repeat(lines.saturating_sub(1))).await?,
            Greeting::Long(octets) => self.say(&[b"220-", "x".repeat(*octets).as_bytes(), b"\r\n"].concat()).await?,
            Greeting::Drips => loop {
                for byte in DRIP.0 {
                    self.say(&[*byte]).await?;
                    if self.is_left(DRIP.1, visit).await? {
                        return Ok(Next::End);
                    }
                }
            },
            Greeting::Silent => {
                // Until the client has had enough.
                while self.read(visit).await? {}
                return Ok(Next::End);
            }
            Greeting::Reset => {
                reset(&self.stream)?;
                return Ok(Next::End);
            }
            Greeting::Usual | Greeting::Says(_) | Greeting::Refuses(_) | Greeting::RefusesOnce(_) => {}
        }
        let mut early = [0; 512];
        visit.0.early = self.stream.try_read(&mut early).is_ok_and(|octets| octets > 0);
        visit.0.greeted = Some(Instant::now());
        let (words, next) = match &self.mail.greeting {
            Greeting::Says(words) => (*words, Next::Continue),
            Greeting::Refuses(words) => (*words, Next::End),
            Greeting::RefusesOnce(words) if self.first => (*words, Next::End),
            _ => (USUAL, Next::Continue),
        };
        self.say(words).await?;
        Ok(next)
    }

    /// The last line of the greeting, after so long, unless the client has left by then.
    async fn greet_after(&mut self, delay: Duration, words: &[u8], visit: &mut Noted) -> io::Result<Next> {
        if self.is_left(delay, visit).await? {
            return Ok(Next::End);
        }
        visit.0.greeted = Some(Instant::now());
        self.say(words).await?;
        Ok(Next::Continue)
    }

    /// Whether the client leaves within this time, which passes if it does not.
    async fn is_left(&mut self, within: Duration, visit: &mut Noted) -> io::Result<bool> {
        let end = tokio::time::Instant::now() + within;
        while let Ok(read) = tokio::time::timeout_at(end, self.read(visit)).await {
            if !read? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What comes between the command STARTTLS and the handshake.
    async fn before_tls(&mut self, visit: &mut Noted) -> io::Result<Next> {
        const READY: &[u8] = b"220 ready for TLS\r\n";
        visit.0.dismissed = matches!(self.mail.starttls, Starttls::Plain(_) | Starttls::Reset | Starttls::Close);
        match &self.mail.starttls {
            Starttls::Surplus(more) => {
                self.say(&[READY, more].concat()).await?;
                // Whoever goes on all the same is served as if nothing were.
                return Ok(Next::StartTls);
            }
            Starttls::Plain(words) => {
                self.say(READY).await?;
                // The client's hello first, so that the words are its answer.
                self.read(visit).await?;
                self.say(words).await?;
                self.stream.shutdown().await?;
                while self.read(visit).await? {}
            }
            Starttls::Reset => {
                self.say(READY).await?;
                self.read(visit).await?;
                reset(&self.stream)?;
            }
            Starttls::Close => self.say(READY).await?,
            Starttls::Usual | Starttls::Says(_) | Starttls::SaysOnce(_) => {
                self.say(READY).await?;
                return Ok(Next::StartTls);
            }
        }
        Ok(Next::End)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<'_, S> {
    /// One command and its reply.
    async fn turn(&mut self, visit: &mut Noted) -> io::Result<Next> {
        let Some(command) = self.command(visit).await? else { return Ok(Next::End) };
        let verb = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => return self.answer_ehlo().await,
            "STARTTLS" if !self.encrypted => match &self.mail.starttls {
                Starttls::Says(words) => self.say(words).await?,
                Starttls::SaysOnce(words) if self.first => self.say(words).await?,
                _ => return Ok(Next::StartTls),
            },
            "QUIT" => {
                self.reply(b"221 bye\r\n").await?;
                return Ok(Next::End);
            }
            "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP" => self.reply(b"250 ok\r\n").await?,
            _ => self.reply(b"500 unknown command\r\n").await?,
        }
        Ok(Next::Continue)
    }

    async fn answer_ehlo(&mut self) -> io::Result<Next> {
        const USUAL: &[u8] =
            b"250-mail greets you\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-STARTTLS\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
        const ENCRYPTED: &[u8] = b"250-mail greets you\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
        match &self.mail.ehlo {
            _ if self.encrypted => self.reply(ENCRYPTED).await?,
            Ehlo::Says(words) => self.reply(words).await?,
            Ehlo::Refuses(words) => {
                self.reply(words).await?;
                return Ok(Next::End);
            }
            Ehlo::RefusesOnce(words) if self.first => {
                self.reply(words).await?;
                return Ok(Next::End);
            }
            Ehlo::Drips(pause) => {
                for byte in USUAL {
                    self.say(&[*byte]).await?;
                    tokio::time::sleep(*pause).await;
                }
            }
            Ehlo::Usual | Ehlo::RefusesOnce(_) => self.reply(USUAL).await?,
        }
        Ok(Next::Continue)
    }

    /// A reply, which some servers send twice.
    async fn reply(&mut self, words: &[u8]) -> io::Result<()> {
        if self.mail.twice {
            return self.say(&words.repeat(2)).await;
        }
        self.say(words).await
    }

    async fn say(&mut self, words: &[u8]) -> io::Result<()> {
        self.stream.write_all(words).await?;
        self.stream.flush().await
    }

    /// The next line; `None` at the end of the connection, or if there is no end to what comes.
    async fn command(&mut self, visit: &mut Noted) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                visit.0.pipelined |= !self.buffer.is_empty();
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                visit.0.commands.push((Instant::now(), line.clone()));
                return Ok(Some(line).filter(|_| visit.0.commands.len() < COMMANDS));
            }
            if self.buffer.len() > COMMAND_OCTETS || !self.read(visit).await? {
                return Ok(None);
            }
        }
    }

    /// Reads what there is; false at the end of the connection.
    async fn read(&mut self, visit: &mut Noted) -> io::Result<bool> {
        let octets = self.stream.read_buf(&mut self.buffer).await?;
        visit.0.early |= octets > 0 && visit.0.greeted.is_none();
        if self.buffer.len() > COMMAND_OCTETS * 4 {
            self.buffer.clear();
        }
        Ok(octets > 0)
    }

    /// Closes the connection, without a reset: what the client still sends is read first.
    async fn dismiss(&mut self, visit: &mut Noted) -> io::Result<()> {
        visit.0.dismissed = !visit.0.quit();
        self.stream.shutdown().await?;
        while self.read(visit).await? {}
        Ok(())
    }
}
