//! Reads the names that [`view`](super::view) gives to the views of partitions.

/// Of which projection a view is a part, and of how many.
pub(crate) fn part(view: &str) -> (&str, u32) {
    let part = view.rsplit_once('#').and_then(|(name, place)| {
        let (at, of) = place.split_once('/')?;
        at.parse::<u32>().ok()?;
        Some((name, of.parse().ok()?))
    });
    part.unwrap_or((view, 1))
}

#[cfg(test)]
mod tests {
    use super::{super::view, part};

    #[test]
    fn the_name_of_a_view_tells_its_projection_and_partitions() {
        for partitions in [1, 2, 64] {
            let last = view("Sold", 3, partitions, partitions - 1);
            assert_eq!(part(&last.name), ("Sold", partitions));
        }
        for other in ["Sold", "Sold#", "Sold#1", "Sold#a/2", "#/"] {
            assert_eq!(part(other), (other, 1));
        }
    }
}
