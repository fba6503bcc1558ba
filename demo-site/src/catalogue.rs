//! What the shop sells.

use crate::language::Text;

mod items;

pub use items::PRODUCTS;

/// One product.
#[derive(Debug)]
pub struct Product {
    /// Its place in the address.
    pub slug: &'static str,
    /// What it is called.
    pub name: Text,
    /// One line about it.
    pub lead: Text,
    /// A paragraph about it.
    pub about: Text,
    /// Yen, tax included.
    pub price: u32,
    /// What it is made of.
    pub material: Text,
    /// How large it is.
    pub size: Text,
    /// Where it comes from.
    pub made_in: Text,
    /// How to look after it.
    pub care: Text,
    /// The colour of the ground it stands on.
    pub ground: Ground,
    /// What the illustration shows.
    pub picture: Text,
    /// The illustration, an `svg` element of 320 by 320.
    pub drawing: &'static str,
    /// A film of its use, held by the outside video host.
    pub film: Option<Film>,
}

/// A short film.
#[derive(Debug)]
pub struct Film {
    /// What it shows.
    pub title: Text,
    /// What the shop says beside it.
    pub caption: Text,
    /// The moving scene that stands in for it, an `svg` element of 640 by 360.
    pub scene: &'static str,
}

/// A ground that products are drawn on; the style gives it a colour for light and for dark.
#[derive(Clone, Copy, Debug)]
pub enum Ground {
    /// Warm sand.
    Sand,
    /// Pale green glaze.
    Celadon,
    /// Washed indigo.
    Indigo,
    /// Persimmon.
    Persimmon,
}

impl Ground {
    /// The class that carries the colour.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Sand => "ground-sand",
            Self::Celadon => "ground-celadon",
            Self::Indigo => "ground-indigo",
            Self::Persimmon => "ground-persimmon",
        }
    }
}

/// The product of that address.
#[must_use]
pub fn find(slug: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.slug == slug)
}

impl Product {
    /// Its shared path.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/products/{}", self.slug)
    }

    /// The products to look at next: those that follow it in the list, from the start again at its end.
    pub fn next(&'static self, count: usize) -> impl Iterator<Item = &'static Self> {
        let after = PRODUCTS
            .iter()
            .position(|product| product.slug == self.slug)
            .map_or(0, |position| position + 1);
        PRODUCTS.iter().cycle().skip(after).take(count)
    }

    /// The price in figures, such as `13,200`.
    #[must_use]
    pub fn price_figures(&self) -> String {
        let digits = self.price.to_string();
        let mut figures = String::with_capacity(digits.len() + 2);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                figures.push(',');
            }
            figures.push(digit);
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_product_has_an_address_of_its_own() {
        let slugs: BTreeSet<_> = PRODUCTS.iter().map(|product| product.slug).collect();
        assert_eq!(slugs.len(), PRODUCTS.len());
    }

    #[test]
    fn a_price_is_grouped_by_thousands() {
        let tea_caddy = find("chazutsu").unwrap();
        assert_eq!(tea_caddy.price_figures(), "13,200");
    }

    #[test]
    fn what_comes_next_goes_round_and_never_shows_the_product_itself() {
        for product in &PRODUCTS {
            let next: Vec<_> = product.next(4).map(|next| next.slug).collect();
            assert_eq!(next.len(), 4);
            assert!(!next.contains(&product.slug));
        }
    }
}
