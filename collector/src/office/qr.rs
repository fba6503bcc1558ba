//! A text as a picture that a telephone reads (QR code, ISO/IEC 18004), drawn as SVG: no picture is fetched, and no
//! style is needed for it.

use std::fmt::Write as _;

use maud::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};

/// White around it, in modules, as readers need it.
const QUIET: usize = 4;

/// The picture, black on white in any colour scheme; none where the text is too long for one.
#[must_use]
pub fn picture(text: &str, label: &str) -> Option<Markup> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, whole) = (code.width(), code.width() + 2 * QUIET);
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let (x, y, long) = (x + QUIET, y + QUIET, run.len());
                // Writing to a string does not fail.
                let _ = write!(path, "M{x} {y}h{long}v1h-{long}z");
            }
            x += run.len();
        }
    }
    Some(html! {
        svg.qr viewBox={ "0 0 " (whole) " " (whole) } role="img" aria-label=(label) shape-rendering="crispEdges" {
            rect width=(whole) height=(whole) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws it as a reader sees it: a pixel for each module, black where a path has a rectangle.
    fn pixels(svg: &str) -> (usize, Vec<bool>) {
        let whole = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap();
        let whole: usize = whole.parse().unwrap();
        let mut pixels = vec![false; whole * whole];
        let path = svg.split(" d=\"").nth(1).unwrap().split('"').next().unwrap();
        for part in path.split('M').skip(1) {
            let numbers: Vec<usize> = part
                .split(|letter: char| !letter.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            for x in numbers[0]..numbers[0] + numbers[2] {
                pixels[numbers[1] * whole + x] = true;
            }
        }
        (whole, pixels)
    }

    #[test]
    fn an_independent_reader_reads_what_was_drawn() {
        let text = "otpauth://totp/Ashiato:mika?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let svg = picture(text, "code").unwrap().0;
        let (whole, pixels) = pixels(&svg);
        let scale = 4;
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(whole * scale, whole * scale, |x, y| {
                if pixels[y / scale * whole + x / scale] { 0 } else { 255 }
            });
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        assert_eq!(grids[0].decode().unwrap().1, text);
        assert!(picture(&"a".repeat(5_000), "code").is_none());
    }
}
