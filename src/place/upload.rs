//! A file of this machine put into a store: by one request, or, if it is large, in pieces. An upload in pieces that is broken off stays in
//! the store unseen and is paid for, so its name is noted beside the manifest before the first byte goes, for the next process to end it.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use object_store::multipart::PartId;
use object_store::path::Path as Key;
use object_store::signer::{SignedUrlOptions, Signer};
use object_store::{ObjectMeta, ObjectStoreExt, UpdateVersion};
use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, folder_of, same, version, wait};
use super::folder::{Far, far};
use super::trouble::{Kind, Trouble, is_passing};
use crate::pause::{Step, pause};

/// The prefix of the notes of uploads, beside the manifest.
pub(crate) const UPLOADS: &str = ".uploads";
/// The largest file that is put by one request.
const SINGLE: u64 = 64 << 20;
/// Bytes of a piece; a store takes 10,000 of them.
const PIECE: u64 = 16 << 20;
/// For how long the request for the list of uploads is signed.
const SIGNED: Duration = Duration::from_secs(300);

/// A note of an upload that is under way.
#[derive(Serialize, Deserialize)]
struct Note {
    object: String,
    upload_id: String,
}

/// Puts a file of this machine in the place of an object. Of a store alone: on this machine a file is renamed.
pub(crate) fn put(path: &Path, file: &mut File) -> io::Result<()> {
    let Some(Far { bucket, key }) = far(path)? else { return Err(io::ErrorKind::Unsupported.into()) };
    let length = file.metadata()?.len();
    file.rewind()?;
    if length <= largest_single() {
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        file.read_to_end(&mut bytes)?;
        return Ok(wait(async move { bucket.put_new(&key, bytes.into()).await })?);
    }
    in_pieces(&bucket, &key, file, length)
}

/// The largest file that is put by one request; for tests of what comes beyond it the environment may name a smaller one.
fn largest_single() -> u64 {
    #[cfg(feature = "adversity")]
    if let Some(bytes) = std::env::var("STSCAN_SINGLE").ok().and_then(|text| text.parse().ok()) {
        return bytes;
    }
    SINGLE
}

/// Where the notes of uploads lie: beside the manifest that this process writes.
fn notes(bucket: &Bucket, key: &Key) -> Key {
    folder_of(bucket.written_above(key).as_ref().unwrap_or(key)).join(UPLOADS)
}

fn in_pieces(bucket: &Arc<Bucket>, key: &Key, file: &mut File, length: u64) -> io::Result<()> {
    let (before, begun) = {
        let (bucket, key) = (Arc::clone(bucket), key.clone());
        wait(async move {
            let before = bucket.about(&key).await.ok().map(|meta| version(&meta));
            Ok((before, bucket.uploads().create_multipart(&key).await?))
        })?
    };
    pause(Step::UploadCreated);
    let note = notes(bucket, key).join(format!("{:016x}.json", xxhash_rust::xxh3::xxh3_64(begun.as_bytes())));
    let sent = send(bucket, key, &note, &begun, file, length).and_then(|pieces| complete(bucket, key, &begun, pieces, length, before));
    if sent.as_ref().is_err_and(is_passing) {
        return sent; // The store cannot be reached; the note is for the next process.
    }
    let (bucket, key, completed) = (Arc::clone(bucket), key.clone(), sent.is_ok());
    let ended = wait(async move {
        if !completed {
            bucket.uploads().abort_multipart(&key, &begun).await?;
        }
        Ok(bucket.objects().delete(&note).await?)
    });
    sent?; // The first error is the one to report.
    Ok(ended?)
}

/// Sends a file piece by piece, after its note.
fn send(bucket: &Arc<Bucket>, key: &Key, note: &Key, id: &str, file: &mut File, length: u64) -> io::Result<Vec<PartId>> {
    let text = serde_json::to_vec(&Note { object: key.to_string(), upload_id: id.to_owned() })?;
    let (noting, place) = (Arc::clone(bucket), note.clone());
    wait(async move { noting.put(&place, text.into()).await })?;
    pause(Step::UploadNoted);
    let mut pieces = Vec::new();
    for place in 0..length.div_ceil(PIECE) {
        let mut piece = Vec::new();
        file.by_ref().take(PIECE).read_to_end(&mut piece)?;
        let (bucket, key, id, place) = (Arc::clone(bucket), key.clone(), id.to_owned(), usize::try_from(place).unwrap_or_default());
        pieces.push(wait(async move { Ok(bucket.uploads().put_part(&key, &id, place, piece.into()).await?) })?);
        pause(Step::UploadBegun);
    }
    pause(Step::UploadSent);
    Ok(pieces)
}

/// Makes the object of its pieces; `before` is the version of what it replaces.
fn complete(bucket: &Arc<Bucket>, key: &Key, id: &str, pieces: Vec<PartId>, length: u64, before: Option<UpdateVersion>) -> io::Result<()> {
    let (bucket, key, id) = (Arc::clone(bucket), key.clone(), id.to_owned());
    Ok(wait(async move {
        let Err(trouble) = bucket.uploads().complete_multipart(&key, &id, pieces).await.map_err(Trouble::from) else { return Ok(()) };
        // An attempt whose answer was cut off may have done it; of an upload that has ended stores say that there is none, or that it is not ours.
        let is_done = |meta: &ObjectMeta| meta.size == length && before.as_ref().is_none_or(|before| !same(before, &version(meta)));
        match trouble.kind() {
            Kind::Missing | Kind::Refused if bucket.about(&key).await.is_ok_and(|meta| is_done(&meta)) => Ok(()),
            _ => Err(trouble),
        }
    })?)
}

/// Ends what killed processes left of uploads in pieces below a prefix: nobody sees it, and it is paid for. On this machine there is none.
pub(crate) fn abort_uploads(dir: &Path) -> io::Result<()> {
    far(dir)?.map_or(Ok(()), |far| far.ask(|bucket, key| async move { abort_all(&bucket, &key).await }))
}

/// Ends all uploads below a prefix that are not complete: those that are noted, and what the store itself knows of.
async fn abort_all(bucket: &Arc<Bucket>, prefix: &Key) -> Result<(), Trouble> {
    for noted in bucket.all_below(&prefix.clone().join(UPLOADS)).await? {
        let text = bucket.objects().get(&noted.location).await?.bytes().await?;
        if let Ok(Note { object, upload_id }) = serde_json::from_slice(&text)
            && let Ok(object) = Key::parse(object)
            && object.prefix_matches(prefix)
        {
            abort(bucket, &object, &upload_id).await?;
        }
        bucket.objects().delete(&noted.location).await?;
    }
    // One that was begun a moment before the process was killed is not noted. Who may not list them may still write.
    for (object, upload_id) in unnoted(bucket, prefix).await.unwrap_or_default() {
        abort(bucket, &object, &upload_id).await?;
    }
    Ok(())
}

async fn abort(bucket: &Bucket, object: &Key, upload_id: &str) -> Result<(), Trouble> {
    match bucket.uploads().abort_multipart(object, &upload_id.to_owned()).await.map_err(Trouble::from) {
        Err(trouble) if trouble.kind() != Kind::Missing => Err(trouble),
        _ => Ok(()),
    }
}

/// The uploads below a prefix that a store of S3 knows of; the first thousand, and nobody leaves as many.
async fn unnoted(bucket: &Bucket, prefix: &Key) -> Result<Vec<(Key, String)>, Trouble> {
    let (Some(store), Some(courier)) = (bucket.s3(), &bucket.courier) else { return Ok(Vec::new()) };
    let options = SignedUrlOptions::default().with_query([("uploads", ""), ("prefix", prefix.as_ref())]);
    let url = store.signed_url_opts(Method::GET, &Key::default(), SIGNED, &options).await?;
    let answer = courier.deliver(Method::GET, url.as_str(), HeaderMap::new(), Bytes::new()).await?;
    let text = answer.into_body().bytes().await.map_err(|_| Trouble::refused("the list of uploads cannot be read"))?;
    let text = String::from_utf8_lossy(&text);
    let listed = text.split("<Upload>").skip(1).filter_map(|upload| {
        let element = |name: &str| Some(upload.split_once(&format!("<{name}>"))?.1.split_once("</")?.0.to_owned());
        let object = Key::parse(unescaped(&element("Key")?)).ok()?;
        Some((object, unescaped(&element("UploadId")?)))
    });
    Ok(listed.filter(|(object, _)| object.prefix_matches(prefix)).collect())
}

/// Text of XML as it is meant.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}
