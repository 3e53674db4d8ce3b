//! Certificates: the verdict on a chain and the facts of its leaf, and where the chain leads as DANE asks.

mod anchors;
mod distinguished_name;
mod examination;
mod leaf_key;
mod long_path;

pub(in crate::observe) use self::anchors::{asks_for_paths, described, given_anchors};
pub(in crate::observe) use self::distinguished_name::cut;
pub(in crate::observe) use self::examination::examine;
pub(in crate::observe) use self::leaf_key::is_supported as key_is_supported;

#[cfg(test)]
pub(in crate::observe) mod authority;
