//! Small numbers in Parquet's hybrid of runs and packed bits: eight or more that are equal are a run, all others are packed in groups of eight.

/// Numbers that are packed together.
const GROUP: usize = 8;
/// Groups behind one header at most, as their number has six bits there.
const MOST_GROUPS: usize = 63;
/// Bits of a number at most: a group fits into one word then.
pub(super) const MOST_BITS: u8 = 16;

/// Adds so many equal numbers of so many bits, which are all that there are.
pub(super) fn encode_equal(into: &mut Vec<u8>, bits: u8, number: u32, count: usize) {
    if count > 0 {
        run(into, bits, number, count);
    }
}

/// Adds numbers of so many bits each, [`MOST_BITS`] at most.
pub(super) fn encode(into: &mut Vec<u8>, bits: u8, numbers: &[u32]) {
    // What is packed next lies between the two.
    let (mut begin, mut at) = (0, 0);
    while let Some(first) = numbers.get(at) {
        if at - begin == MOST_GROUPS * GROUP {
            groups(into, bits, numbers.get(begin..at).unwrap_or_default());
            begin = at;
        }
        let equal = numbers.iter().skip(at).take_while(|number| *number == first).count();
        if equal >= GROUP || (begin == at && at + equal == numbers.len()) {
            groups(into, bits, numbers.get(begin..at).unwrap_or_default());
            run(into, bits, *first, equal);
            at += equal;
            begin = at;
        } else {
            at = (at + GROUP).min(numbers.len());
        }
    }
    groups(into, bits, numbers.get(begin..).unwrap_or_default());
}

/// A run of equal numbers.
fn run(into: &mut Vec<u8>, bits: u8, number: u32, count: usize) {
    let mut header = (count as u64) << 1;
    while header >= 0x80 {
        into.push(header as u8 | 0x80);
        header >>= 7;
    }
    into.push(header as u8);
    into.extend(number.to_le_bytes().into_iter().take(usize::from(bits).div_ceil(8)));
}

/// Numbers that are packed, with their header.
fn groups(into: &mut Vec<u8>, bits: u8, numbers: &[u32]) {
    if numbers.is_empty() {
        return;
    }
    into.push((numbers.len().div_ceil(GROUP) << 1 | 1) as u8);
    pack(into, bits, numbers);
}

/// Numbers of so many bits each behind each other, the last group of eight filled up with zeros.
pub(super) fn pack(into: &mut Vec<u8>, bits: u8, numbers: &[u32]) {
    // Eight numbers of n bits are n octets.
    let octets = usize::from(bits);
    for group in numbers.chunks(GROUP) {
        if octets <= size_of::<u64>() {
            let packed = group.iter().rev().fold(0_u64, |packed, number| packed.unbounded_shl(bits.into()) | u64::from(*number));
            into.extend_from_slice(packed.to_le_bytes().get(..octets).unwrap_or_default());
        } else {
            let packed = group.iter().rev().fold(0_u128, |packed, number| packed << bits | u128::from(*number));
            into.extend_from_slice(packed.to_le_bytes().get(..octets).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the examples of the format's description, and its rules.
    #[test]
    fn runs_and_groups_are_as_the_format_says() {
        let encoded = |bits, numbers: &[u32]| {
            let mut octets = Vec::new();
            encode(&mut octets, bits, numbers);
            octets
        };
        assert_eq!(encoded(3, &[0, 1, 2, 3, 4, 5, 6, 7]), [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        assert_eq!(encoded(3, &[4; 100]), [200, 1, 4]);
        assert_eq!(encoded(1, &[1, 0, 1]), [0b11, 0b101]);
        assert_eq!(encoded(9, &[300; 3]), [6, 44, 1], "equal to the end, and nothing before");
        assert_eq!(encoded(1, &[&[1, 0, 0, 0, 0, 0, 0, 0_u32][..], &[1; 9]].concat()), [0b11, 1, 18, 1]);
        assert_eq!(encoded(0, &[0; 5]), [10]);
        assert_eq!(encoded(2, &[]), [0_u8; 0]);
        // A header counts 63 groups at most.
        let many: Vec<u32> = (0..64 * 8).map(|number| number % 2).collect();
        let octets = encoded(1, &many);
        assert_eq!((octets.len(), octets[0], octets[64], octets[65]), (66, 127, 0b11, 0b1010_1010));
    }
}
