//! The order in which Java goes through a hash map, which is the order of the reference's messages.

/// How many buckets a new map has.
const FEWEST: usize = 16;

/// The names of two maps in the order of their union: a set made from the first map's names, to which the second's are
/// added. Names are in the order in which they were put into their map, each once; the second list may repeat the first's.
pub(super) fn union<'n>(first: &[&'n str], second: &[&'n str], is_in_first: impl Fn(&str) -> bool) -> Vec<&'n str> {
    let first = in_map(first, FEWEST);
    let second = in_map(second, FEWEST);
    // A set that is made from a collection begins with room for it.
    let room = (first.len() * 4 / 3 + 1).max(FEWEST).next_power_of_two();
    let mut all = first;
    all.extend(second.into_iter().filter(|name| !is_in_first(name)));
    in_map(&all, room)
}

/// Names in the order of a map that began with so many buckets and into which they were put in this order.
fn in_map<'n>(names: &[&'n str], buckets: usize) -> Vec<&'n str> {
    let mut buckets = buckets;
    while names.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    let mut ordered: Vec<(usize, &str)> =
        names.iter().map(|name| (hash(name) as usize & (buckets - 1), *name)).collect();
    ordered.sort_by_key(|(bucket, _)| *bucket);
    ordered.into_iter().map(|(_, name)| name).collect()
}

fn hash(name: &str) -> u32 {
    let hash = name.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_the_order_of_their_hashes() {
        assert_eq!(in_map(&["b", "a", "name", "id"], FEWEST), ["a", "b", "name", "id"]);
        // One bucket of sixteen for `a` and `q`: who came first.
        assert_eq!(in_map(&["q", "a"], FEWEST), ["q", "a"]);
        let many: Vec<String> = (0..13).map(|n| format!("{}", char::from(b'a' + n))).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).chain(["q"]).collect();
        assert_eq!(in_map(&many, FEWEST).iter().position(|name| *name == "q"), Some(13), "32 buckets");
    }

    #[test]
    fn a_union_begins_with_the_first() {
        assert_eq!(union(&["q"], &["a", "q"], |name| name == "q"), ["q", "a"]);
        assert_eq!(union(&[], &["q", "a"], |_| false), ["q", "a"]);
    }
}
