//! Waiting, never without an end.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::outcome::Stop;

const PAUSE: Duration = Duration::from_millis(500);

/// Looks until there is something, and gives it.
///
/// # Errors
/// With what was waited for, where it is not there within the limit; and at once where looking fails.
pub(crate) fn until<T>(
    limit: Duration,
    what: &str,
    mut look: impl FnMut() -> Result<Option<T>, Stop>,
) -> Result<T, Stop> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if Instant::now() > deadline {
            return Err(Stop::Fail(format!("waited {} s for {what}", limit.as_secs())));
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_given_and_what_never_comes_is_named() {
        let mut looks = 0;
        let found = until(Duration::from_secs(5), "two", || {
            looks += 1;
            Ok((looks == 2).then_some(looks))
        });
        assert_eq!(found, Ok(2));
        let never = until(Duration::ZERO, "a miracle", || Ok(None::<()>));
        assert_eq!(never, Err(Stop::Fail("waited 0 s for a miracle".to_owned())));
        let broken = until(Duration::from_secs(5), "it", || Err::<Option<()>, _>(Stop::Fail("broken".to_owned())));
        assert_eq!(broken, Err(Stop::Fail("broken".to_owned())));
    }
}
