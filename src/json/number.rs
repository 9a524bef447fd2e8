//! A number. One with a fraction is a decimal here: to write any float as briefly as can be takes tables that would be
//! a thirtieth of the module, and no field of the objects that the policy sees has one. A quantity such as `cpu: 0.5`,
//! which the API server makes `500m`, comes from manifests alone.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Negative(i64),
    Positive(u64),
    /// Digits, and by how many places the point stands before their end; where that is negative, zeros follow.
    Decimal(i64, i8),
}

impl Number {
    /// The number that a float was written as, of at most 15 digits; `None` where it had more.
    // it is exactly this float, or another number
    #[allow(clippy::float_cmp)]
    pub(crate) fn from_f64(float: f64) -> Option<Self> {
        // below, every integer is a float; and up to this power those of ten are: what one division or multiplication
        // of the two gives is the float that is nearest to the decimal (Clinger, "How to Read Floating Point Numbers
        // Accurately")
        const INTEGERS: f64 = 9_007_199_254_740_992.0;
        const EXACT: usize = 23;
        let powers = std::iter::successors(Some(1.0), |power| Some(power * 10.0)).take(EXACT).zip(0..);
        for (power, places) in powers {
            let (fraction, whole) = ((float * power).round(), (float / power).round());
            if fraction.abs() < INTEGERS && fraction / power == float {
                return Some(Self::Decimal(integer(fraction), places));
            }
            if whole.abs() < INTEGERS && whole * power == float {
                return Some(Self::Decimal(integer(whole), -places));
            }
        }
        None
    }

    pub(crate) fn as_i64(self) -> Option<i64> {
        match self {
            Self::Negative(number) => Some(number),
            Self::Positive(number) => number.try_into().ok(),
            Self::Decimal(..) => None,
        }
    }

    pub(crate) fn as_u64(self) -> Option<u64> {
        match self {
            Self::Positive(number) => Some(number),
            Self::Negative(_) | Self::Decimal(..) => None,
        }
    }
}

/// A float that is an integer, and not large.
#[allow(clippy::cast_possible_truncation)]
fn integer(float: f64) -> i64 {
    float as i64
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        number.try_into().map_or(Self::Negative(number), Self::Positive)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match *self {
            Self::Negative(number) => write!(f, "{number}"),
            Self::Positive(number) => write!(f, "{number}"),
            Self::Decimal(digits, 0) => write!(f, "{digits}.0"),
            Self::Decimal(digits, places @ ..0) => write!(f, "{digits}e{}", -places),
            Self::Decimal(digits, places) => {
                let sign = if digits < 0 { "-" } else { "" };
                let digits = digits.unsigned_abs();
                let (whole, part) = match 10_u64.checked_pow(places.unsigned_abs().into()) {
                    Some(power) => (digits / power, digits % power),
                    None => (0, digits),
                };
                write!(f, "{sign}{whole}.{part:0width$}", width = usize::from(places.unsigned_abs()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_written_as_it_was() {
        for text in ["0.5", "-0.25", "1500.0", "123456789.012345", "0.000000000000000000001", "-7.0"] {
            let float: f64 = text.parse().unwrap();
            assert_eq!(Number::from_f64(float).unwrap().to_string(), text);
        }
    }

    #[test]
    fn every_decimal_of_fifteen_digits_stays_what_it_is() {
        // the steps of a linear congruential generator (Knuth, "Seminumerical Algorithms", 3.3.4)
        let mut seed: u64 = 1;
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (digits, places) = ((seed >> 13) % 1_000_000_000_000_000, (seed % 23) as usize);
            let text = format!("{digits}e-{places}");
            let float: f64 = text.parse().unwrap();
            let written = Number::from_f64(float).unwrap().to_string();
            assert_eq!(written.parse::<f64>().unwrap().to_bits(), float.to_bits(), "{text}: {written}");
        }
    }

    #[test]
    fn what_cannot_be_written_back_is_no_number() {
        for float in [0.1 + 0.2, f64::MAX, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY] {
            assert_eq!(Number::from_f64(float), None);
        }
    }
}
