//! Which items of a changed list are the old ones.

use serde_json::Value;

/// Beyond this many comparisons only the equal beginnings and ends of two lists are matched.
const MAX_COMPARISONS: usize = 4_000_000;

/// Pairs old with new items: for each new item the number of the old item that it continues. The numbers ascend.
pub(crate) fn align(old: &[Value], new: &[Value]) -> Vec<Option<usize>> {
    let same = |o: usize, n: usize| continues(&old[o], &new[n]);
    let prefix = (0..old.len().min(new.len())).take_while(|i| same(*i, *i)).count();
    let suffix =
        (0..old.len().min(new.len()) - prefix).take_while(|i| same(old.len() - 1 - i, new.len() - 1 - i)).count();
    let (old_mid, new_mid) = (old.len() - prefix - suffix, new.len() - prefix - suffix);
    let mut pairs: Vec<Option<usize>> = (0..prefix).map(Some).collect();
    if old_mid.saturating_mul(new_mid) <= MAX_COMPARISONS {
        pairs.extend(middle(old_mid, new_mid, prefix, &same));
    } else {
        pairs.resize(prefix + new_mid, None);
    }
    pairs.extend((old.len() - suffix..old.len()).map(Some));
    pair_gaps(&mut pairs, old, new);
    pairs
}

/// The longest common subsequence of the part between equal beginnings and ends.
fn middle(old: usize, new: usize, offset: usize, same: &dyn Fn(usize, usize) -> bool) -> Vec<Option<usize>> {
    let mut longest = vec![vec![0_usize; new + 1]; old + 1];
    for o in (0..old).rev() {
        for n in (0..new).rev() {
            longest[o][n] = if same(offset + o, offset + n) {
                longest[o + 1][n + 1] + 1
            } else {
                longest[o + 1][n].max(longest[o][n + 1])
            };
        }
    }
    let (mut o, mut n) = (0, 0);
    let mut pairs = vec![None; new];
    while o < old && n < new {
        if same(offset + o, offset + n) {
            pairs[n] = Some(offset + o);
            o += 1;
            n += 1;
        } else if longest[o + 1][n] >= longest[o][n + 1] {
            o += 1;
        } else {
            n += 1;
        }
    }
    pairs
}

/// Where as many old as new items are left over between two pairs, they are the same ones with another content.
fn pair_gaps(pairs: &mut [Option<usize>], old: &[Value], new: &[Value]) {
    let mut begin = 0;
    let mut old_begin = 0;
    while begin < pairs.len() {
        if let Some(o) = pairs[begin] {
            old_begin = o + 1;
            begin += 1;
            continue;
        }
        let end = (begin..pairs.len()).find(|i| pairs[*i].is_some()).unwrap_or(pairs.len());
        let old_end = pairs.get(end).copied().flatten().unwrap_or(old.len());
        if old_end - old_begin == end - begin {
            for (step, pair) in pairs[begin..end].iter_mut().enumerate() {
                if identity(&old[old_begin + step]).is_none() && identity(&new[begin + step]).is_none() {
                    *pair = Some(old_begin + step);
                }
            }
        }
        begin = end;
        old_begin = old_end;
    }
}

fn continues(old: &Value, new: &Value) -> bool {
    match (identity(old), identity(new)) {
        (Some(old), Some(new)) => old == new,
        (None, None) => old == new,
        _ => false,
    }
}

/// What names an item of a Kubernetes list.
fn identity(item: &Value) -> Option<(&str, &Value)> {
    let map = item.as_object()?;
    if let Some(metadata) = map.get("metadata") {
        return metadata.get("name").map(|name| ("metadata", name));
    }
    ["mountPath", "name", "containerPort", "key", "ip"]
        .into_iter()
        .find_map(|key| map.get(key).map(|value| (key, value)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(old: &Value, new: &Value) -> Vec<Option<usize>> {
        align(old.as_array().unwrap(), new.as_array().unwrap())
    }

    #[test]
    fn named_items_keep_their_place() {
        let old = json!([{"name": "mysql", "image": "a"}]);
        let new = json!([{"name": "mysql", "image": "b"}, {"name": "xtrabackup"}]);
        assert_eq!(of(&old, &new), [Some(0), None]);
    }

    #[test]
    fn insertion_before_and_between() {
        let old = json!(["a", "c"]);
        let new = json!(["z", "a", "b", "c"]);
        assert_eq!(of(&old, &new), [None, Some(0), None, Some(1)]);
    }

    #[test]
    fn a_changed_scalar_is_a_change() {
        assert_eq!(of(&json!(["a", "b"]), &json!(["a", "x"])), [Some(0), Some(1)]);
    }

    #[test]
    fn removal() {
        assert_eq!(of(&json!(["a", "b", "c"]), &json!(["a", "c"])), [Some(0), Some(2)]);
        assert!(of(&json!(["a"]), &json!([])).is_empty());
    }
}
