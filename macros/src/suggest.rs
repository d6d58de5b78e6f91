//! "Did you mean": the known word that a misspelt one is closest to.

/// The known word that differs from `word` in at most a third of its letters.
pub(crate) fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let (distance, best) =
        known.iter().map(|candidate| (distance(word, candidate), *candidate)).min()?;
    let most = word.chars().count().max(best.chars().count()).div_ceil(3);
    (distance <= most).then_some(best)
}

/// How many letters must be put in, left out or replaced to turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        let mut next = vec![left];
        for (other, up) in to.chars().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(letter != other)).min(left + 1).min(up + 1);
            diagonal = *up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["name", "version", "from", "crate"];

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(closest("vesion", KNOWN), Some("version"));
        assert_eq!(closest("verison", KNOWN), Some("version"));
        assert_eq!(closest("nmae", KNOWN), Some("name"));
        assert_eq!(closest("names", KNOWN), Some("name"));
        assert_eq!(closest("form", KNOWN), Some("from"));
    }

    #[test]
    fn another_word_is_not_guessed_at() {
        assert_eq!(closest("snapshot_every", KNOWN), None);
        assert_eq!(closest("x", KNOWN), None);
        assert_eq!(closest("name", &[]), None);
    }

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("größe", "grösse"), 2);
    }
}
