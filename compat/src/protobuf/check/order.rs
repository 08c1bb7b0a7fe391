//! The order in which the reference's comparison meets the names of types: that of Java's hash sets.

use std::collections::HashSet;

/// The place of a name before the number of buckets is known.
fn spread(name: &str) -> u32 {
    let hash = name.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    hash ^ hash >> 16
}

/// Names in the order of a hash set that has grown to so many buckets.
fn sort(names: &mut [&str], buckets: usize) {
    let mask = u32::try_from(buckets - 1).unwrap_or(u32::MAX);
    names.sort_by_cached_key(|name| spread(name) & mask);
}

/// How many buckets there are when so many names are in, beginning with `buckets`.
fn grown(mut buckets: usize, names: usize) -> usize {
    while names > buckets / 4 * 3 {
        buckets *= 2;
    }
    buckets
}

const LEAST: usize = 16;

/// The names of a map, in its order.
fn of_map<'n>(names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut seen = HashSet::new();
    let mut names: Vec<&str> = names.filter(|name| seen.insert(*name)).collect();
    sort(&mut names, grown(LEAST, seen.len()));
    names
}

/// All names of two lists, each once: a set made of those of the first, to which those of the second are added.
pub(super) fn union<'n>(first: impl Iterator<Item = &'n str>, second: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut names = of_map(first);
    let mut known: HashSet<&str> = names.iter().copied().collect();
    let beginning = (names.len() * 4 / 3 + 1).next_power_of_two().max(LEAST);
    names.extend(of_map(second).into_iter().filter(|name| known.insert(name)));
    sort(&mut names, grown(beginning, known.len()));
    names
}

#[cfg(test)]
mod tests {
    use super::union;

    #[test]
    fn names_come_in_the_order_of_a_hash_set() {
        #[track_caller]
        fn check(first: &[&str], second: &[&str], ordered: &[&str]) {
            assert_eq!(union(first.iter().copied(), second.iter().copied()), ordered);
        }
        // Names of one character are their own hashes.
        check(&["C", "A"], &["B", "A"], &["A", "B", "C"]);
        // 'a' is 97 and 'q' 113: one bucket of sixteen, in the order in which they came in.
        check(&["q", "a"], &["b"], &["q", "a", "b"]);
        check(&["Order", "Item"], &["Address"], &["Order", "Item", "Address"]);
    }
}
