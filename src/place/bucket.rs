//! One bucket of a store: what can be asked of it, and of which version of an object this process knows, so that it replaces no other.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3;
use object_store::azure::MicrosoftAzure;
use object_store::gcp::GoogleCloudStorage;
#[cfg(test)]
use object_store::memory::InMemory;
use object_store::multipart::MultipartStore;
use object_store::path::Path as Key;
use object_store::{
    GetOptions, GetRange, ListResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion,
};
use tokio::runtime::Runtime;

use super::address::{Address, Scheme};
use super::courier::Courier;
use super::settings;
use super::trouble::{Kind, Trouble};

/// Ranges that are fetched at the same time.
const AT_ONCE: usize = 8;

/// One bucket. A process opens each of them once.
pub(super) struct Bucket {
    /// As users name it: `s3://bucket`.
    pub(super) name: String,
    store: Store,
    /// What carries requests of our own; none to a store in memory.
    pub(super) courier: Option<Courier>,
    seen: Mutex<HashMap<Key, Seen>>,
}

enum Store {
    S3(AmazonS3),
    Gs(GoogleCloudStorage),
    Az(MicrosoftAzure),
    #[cfg(test)]
    Memory(InMemory),
}

/// Which version of an object this process knows.
#[derive(Clone, Debug)]
enum Seen {
    /// There was none.
    Absent,
    /// The one that was read last.
    Read(UpdateVersion),
    /// The one that this process wrote itself: only its own writing makes it another.
    Written(UpdateVersion),
}

/// Waits for what runs on the threads of the stores; the caller may itself be a thread of another runtime.
pub(super) fn wait<T: Send + 'static>(work: impl Future<Output = Result<T, Trouble>> + Send + 'static) -> Result<T, Trouble> {
    static RUNTIME: LazyLock<Option<Runtime>> =
        LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("store").enable_all().build().ok());
    let failed = || Trouble::refused("this machine has no threads left for the requests to the store");
    let runtime = RUNTIME.as_ref().ok_or_else(failed)?;
    let (sender, receiver) = sync_channel(1);
    runtime.spawn(async move {
        let _ = sender.send(work.await); // The receiver waits for it.
    });
    receiver.recv().unwrap_or_else(|_| Err(failed()))
}

/// Buckets by scheme and name.
type Buckets = HashMap<(Scheme, String), Arc<Bucket>>;

/// The bucket of an address.
pub(super) fn bucket(address: &Address) -> Result<Arc<Bucket>, Trouble> {
    static OPEN: LazyLock<Mutex<Buckets>> = LazyLock::new(Mutex::default);
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (address.scheme, address.bucket.clone());
    if let Some(bucket) = open.get(&key) {
        return Ok(Arc::clone(bucket));
    }
    let bucket = Arc::new(Bucket::open(address)?);
    open.insert(key, Arc::clone(&bucket));
    Ok(bucket)
}

impl Bucket {
    fn open(address: &Address) -> Result<Self, Trouble> {
        let name = format!("{}://{}", address.scheme.as_str(), address.bucket);
        let courier = settings::courier(&name)?;
        let store = match address.scheme {
            Scheme::S3 => Store::S3(settings::s3(&address.bucket, courier.clone())?),
            Scheme::Gs => Store::Gs(settings::gs(&address.bucket, courier.clone())?),
            Scheme::Az => Store::Az(settings::az(&address.bucket, courier.clone())?),
            #[cfg(test)]
            Scheme::Memory => Store::Memory(InMemory::new()),
        };
        Ok(Self { name, store, courier: Some(courier), seen: Mutex::default() })
    }

    /// The store's common face.
    pub(super) fn objects(&self) -> &dyn ObjectStore {
        match &self.store {
            Store::S3(store) => store,
            Store::Gs(store) => store,
            Store::Az(store) => store,
            #[cfg(test)]
            Store::Memory(store) => store,
        }
    }

    /// The store's face for uploads in pieces.
    pub(super) fn uploads(&self) -> &dyn MultipartStore {
        match &self.store {
            Store::S3(store) => store,
            Store::Gs(store) => store,
            Store::Az(store) => store,
            #[cfg(test)]
            Store::Memory(store) => store,
        }
    }

    /// The store, if it is one of S3.
    pub(super) fn s3(&self) -> Option<&AmazonS3> {
        match &self.store {
            Store::S3(store) => Some(store),
            _ => None,
        }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<Key, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_read(&self, key: &Key, version: Option<UpdateVersion>) {
        let mut seen = self.seen();
        if !matches!(seen.get(key), Some(Seen::Written(_))) {
            seen.insert(key.clone(), version.map_or(Seen::Absent, Seen::Read));
        }
    }

    /// What is known of an object without its content.
    pub(super) async fn about(&self, key: &Key) -> Result<ObjectMeta, Trouble> {
        Ok(self.objects().head(key).await?)
    }

    /// All of an object, the version of which is remembered.
    pub(super) async fn read(&self, key: &Key) -> Result<Bytes, Trouble> {
        match self.objects().get(key).await.map_err(Trouble::from) {
            Ok(found) => {
                let version = version(&found.meta);
                let bytes = found.bytes().await?;
                self.note_read(key, Some(version));
                Ok(bytes)
            }
            Err(missing) if missing.kind() == Kind::Missing => {
                self.note_read(key, None);
                Err(missing)
            }
            Err(other) => Err(other),
        }
    }

    /// Ranges of an object that has to be so long.
    pub(super) async fn ranges(self: Arc<Self>, key: Key, ranges: Vec<Range<u64>>, length: u64) -> Result<Vec<(u64, Bytes)>, Trouble> {
        let one = |range: Range<u64>| {
            let (bucket, key) = (Arc::clone(&self), key.clone());
            async move {
                let start = range.start;
                let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
                let found = bucket.objects().get_opts(&key, options).await?;
                if found.meta.size != length {
                    return Err(Trouble::refused(format!("it has {} bytes, and {length} were written", found.meta.size)));
                }
                Ok((start, found.bytes().await?))
            }
        };
        futures_util::stream::iter(ranges.into_iter().map(one)).buffered(AT_ONCE).try_collect().await
    }

    /// The objects and prefixes right below a prefix.
    pub(super) async fn below(&self, prefix: &Key) -> Result<ListResult, Trouble> {
        Ok(self.objects().list_with_delimiter(Some(prefix)).await?)
    }

    /// All objects below a prefix, however deep.
    pub(super) async fn all_below(&self, prefix: &Key) -> Result<Vec<ObjectMeta>, Trouble> {
        Ok(self.objects().list(Some(prefix)).try_collect().await?)
    }

    /// Puts an object in place of whatever is there.
    pub(super) async fn put(&self, key: &Key, bytes: Bytes) -> Result<(), Trouble> {
        self.objects().put(key, bytes.into()).await?;
        Ok(())
    }

    /// Puts an object where there is none. One that is there gives way, if this process still has the prefix: nobody else may write it.
    pub(super) async fn put_new(&self, key: &Key, bytes: Bytes) -> Result<(), Trouble> {
        match self.put_if(key, bytes.clone(), PutMode::Create).await {
            Ok(_) => Ok(()),
            // It is there by an attempt of ours that was cut off, or by somebody who had the prefix before.
            Err(trouble) if matches!(trouble.kind(), Kind::Conflict | Kind::Unsupported) => {
                self.still_ours(key).await?;
                self.put(key, bytes).await
            }
            Err(trouble) => Err(trouble),
        }
    }

    async fn put_if(&self, key: &Key, bytes: Bytes, mode: PutMode) -> Result<UpdateVersion, Trouble> {
        let put = self.objects().put_opts(key, PutPayload::from(bytes), PutOptions::from(mode)).await?;
        Ok(UpdateVersion { e_tag: put.e_tag, version: put.version })
    }

    /// Replaces an object, if it is still the one that this process has seen.
    pub(super) async fn replace(&self, key: &Key, bytes: Bytes) -> Result<(), Trouble> {
        let known = self.seen().get(key).cloned();
        let known = match known {
            Some(known) => known,
            None => match self.about(key).await {
                Ok(meta) => Seen::Read(version(&meta)),
                Err(missing) if missing.kind() == Kind::Missing => Seen::Absent,
                Err(other) => return Err(other),
            },
        };
        let mode = match &known {
            Seen::Absent => PutMode::Create,
            Seen::Read(version) | Seen::Written(version) => PutMode::Update(version.clone()),
        };
        let written = match self.put_if(key, bytes.clone(), mode).await {
            Ok(version) => version,
            Err(trouble) if trouble.kind() == Kind::Unsupported => self.replace_unguarded(key, bytes, &known).await?,
            // An attempt whose answer was cut off may have done it.
            Err(trouble) if trouble.kind() == Kind::Conflict => self.version_with(key, &bytes).await?.ok_or_else(|| self.lost())?,
            Err(trouble) => return Err(trouble),
        };
        self.seen().insert(key.clone(), Seen::Written(written));
        Ok(())
    }

    /// As [`Self::replace`], for a store that cannot make it one step.
    async fn replace_unguarded(&self, key: &Key, bytes: Bytes, known: &Seen) -> Result<UpdateVersion, Trouble> {
        let there = match self.about(key).await {
            Ok(meta) => Some(version(&meta)),
            Err(missing) if missing.kind() == Kind::Missing => None,
            Err(other) => return Err(other),
        };
        let is_known = match known {
            Seen::Absent => there.is_none(),
            Seen::Read(version) | Seen::Written(version) => there.is_some_and(|there| same(&there, version)),
        };
        if !is_known {
            return Err(self.lost());
        }
        self.put_if(key, bytes, PutMode::Overwrite).await
    }

    /// The version of an object, if it has these bytes.
    async fn version_with(&self, key: &Key, bytes: &Bytes) -> Result<Option<UpdateVersion>, Trouble> {
        match self.objects().get(key).await.map_err(Trouble::from) {
            Ok(found) => {
                let version = version(&found.meta);
                Ok((found.bytes().await? == *bytes).then_some(version))
            }
            Err(missing) if missing.kind() == Kind::Missing => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// The place of the manifest that this process wrote above an object.
    pub(super) fn written_above(&self, key: &Key) -> Option<Key> {
        let seen = self.seen();
        let written = seen.iter().filter(|(_, seen)| matches!(seen, Seen::Written(_))).map(|(written, _)| written);
        let above = written.filter(|written| key.prefix_matches(&folder_of(written)));
        above.max_by_key(|written| written.as_ref().len()).cloned()
    }

    /// Refuses where another process has replaced the manifest above an object since this one did.
    async fn still_ours(&self, key: &Key) -> Result<(), Trouble> {
        let Some(manifest) = self.written_above(key) else { return Ok(()) };
        let known = match self.seen().get(&manifest) {
            Some(Seen::Written(version)) => version.clone(),
            _ => return Ok(()),
        };
        match self.about(&manifest).await {
            Ok(meta) if same(&version(&meta), &known) => Ok(()),
            Ok(_) => Err(self.lost()),
            Err(missing) if missing.kind() == Kind::Missing => Err(self.lost()),
            Err(other) => Err(other),
        }
    }

    fn lost(&self) -> Trouble {
        Trouble::refused("another process has written this prefix meanwhile and continues there; only one may write it at a time")
    }
}

/// The prefix in which an object lies.
pub(super) fn folder_of(key: &Key) -> Key {
    key.as_ref().rsplit_once('/').and_then(|(folder, _)| Key::parse(folder).ok()).unwrap_or_default()
}

/// Which version of an object it is.
pub(super) fn version(meta: &ObjectMeta) -> UpdateVersion {
    UpdateVersion { e_tag: meta.e_tag.clone(), version: meta.version.clone() }
}

/// Whether two versions are one.
pub(super) fn same(one: &UpdateVersion, other: &UpdateVersion) -> bool {
    match (&one.e_tag, &other.e_tag) {
        (Some(one), Some(other)) => one == other,
        _ => one.version == other.version,
    }
}
