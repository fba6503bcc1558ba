//! A CSV file as it is read, and as it is written.

use std::path::Path;

use encoding_rs::SHIFT_JIS;

use crate::intake::{
    cell::{plain, safe},
    import::Wrong,
};

/// Rows of one list, at most.
const MAX_ROWS: usize = 1_000_000;

/// What stands in two columns more of the rows that were not taken.
const TOLD: [&str; 2] = ["line", "problems"];

/// In which letters a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Encoding {
    /// UTF-8 where all of it is, else `Shift_JIS`.
    Auto,
    /// UTF-8, with or without a byte order mark.
    #[value(name = "utf-8")]
    Utf8,
    /// `Shift_JIS` as Windows has it (code page 932).
    #[value(name = "shift_jis")]
    ShiftJis,
}

/// A list.
#[derive(Debug)]
pub(super) struct Table {
    /// The names of its columns.
    pub(super) names: Vec<String>,
    /// Its rows, each with the line that it begins on.
    pub(super) rows: Vec<(u64, Vec<String>)>,
    delimiter: u8,
}

impl Table {
    /// Reads a list; of one that [`write_rejected`] wrote, what was read before.
    ///
    /// # Errors
    /// What is wrong, with the line and a remedy.
    pub(super) fn read(
        bytes: &[u8],
        encoding: Encoding,
        delimiter: Option<char>,
    ) -> Result<Self, String> {
        let text = decode(bytes, encoding)?;
        let first = text.lines().next().unwrap_or("");
        let delimiter = match delimiter {
            Some(given) => {
                u8::try_from(given).map_err(|_| "--delimiter: a single ASCII character")?
            }
            None if first.contains('\t') && !first.contains(',') => b'\t',
            None => b',',
        };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut names: Vec<String> = reader
            .headers()
            .map_err(|error| error.to_string())?
            .iter()
            .map(|name| name.trim().to_owned())
            .collect();
        if names.iter().all(String::is_empty) {
            return Err("it is empty\n  remedy: name the columns in its first line".to_owned());
        }
        let ours = names.ends_with(&TOLD.map(str::to_owned));
        names.truncate(names.len() - if ours { TOLD.len() } else { 0 });
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            // A line of nothing but commas is what a table program leaves at the end.
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if rows.len() == MAX_ROWS {
                return Err(format!("it has more than {MAX_ROWS} rows\n  remedy: part it"));
            }
            let line = record.position().map_or(0, csv::Position::line);
            let mut cells: Vec<_> = record.iter().map(str::to_owned).collect();
            if ours {
                cells.truncate(cells.len().saturating_sub(TOLD.len()));
                cells = cells.iter().map(|cell| plain(cell)).collect();
            }
            rows.push((line, cells));
        }
        Ok(Self { names, rows, delimiter })
    }
}

fn decode(bytes: &[u8], encoding: Encoding) -> Result<String, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("it is UTF-16\n  remedy: save it as CSV in UTF-8".to_owned());
    }
    let plain = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let line_of = |at: usize| 1 + plain.iter().take(at).filter(|byte| **byte == b'\n').count();
    let utf8 = std::str::from_utf8(plain);
    match (encoding, utf8) {
        (Encoding::Auto | Encoding::Utf8, Ok(text)) => Ok(text.to_owned()),
        (Encoding::Utf8, Err(error)) => Err(format!(
            "line {}: it is not UTF-8\n  remedy: --encoding shift_jis, or save it as CSV in UTF-8",
            line_of(error.valid_up_to())
        )),
        (Encoding::Auto | Encoding::ShiftJis, _) => {
            let mut text = String::new();
            let mut decoder = SHIFT_JIS.new_decoder_without_bom_handling();
            let room = decoder.max_utf8_buffer_length_without_replacement(plain.len());
            text.reserve(room.unwrap_or(plain.len()));
            let (result, read) =
                decoder.decode_to_string_without_replacement(plain, &mut text, true);
            match result {
                encoding_rs::DecoderResult::InputEmpty => Ok(text),
                _ => Err(format!(
                    "line {}: it is neither UTF-8 nor Shift_JIS\n  remedy: save it as CSV in UTF-8",
                    line_of(read)
                )),
            }
        }
    }
}

/// Writes rows that were not taken, with the line of each and what is wrong, in UTF-8 with a byte order mark, as table
/// programs read it. What they would take for a formula stands behind an apostrophe.
pub(super) fn write_rejected(
    path: &Path,
    table: &Table,
    rejected: &[(usize, u64, Vec<Wrong>)],
) -> Result<(), csv::Error> {
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(table.delimiter)
            .flexible(true)
            .from_writer(&mut bytes);
        let heads = table.names.iter().map(|name| safe(name));
        writer.write_record(heads.chain(TOLD.map(str::to_owned)))?;
        for (at, line, wrong) in rejected {
            let Some((_, cells)) = table.rows.get(*at) else { continue };
            let told = wrong.iter().map(|(column, what)| format!("{column}: {what}"));
            let told = told.collect::<Vec<_>>().join("; ");
            // What is missing is left empty, so that the two stand under their names.
            let missing = table.names.len().saturating_sub(cells.len());
            let cells = cells.iter().map(|cell| safe(cell));
            let cells = cells.chain(std::iter::repeat_n(String::new(), missing));
            writer.write_record(cells.chain([line.to_string(), safe(&told)]))?;
        }
        writer.flush()?;
    }
    std::fs::write(path, bytes)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::intake::cell::FORMULA;

    #[test]
    fn both_encodings_are_told_apart_and_a_broken_one_names_its_line() {
        let text = "名前,メール\n髙橋 花子,hanako@example.jp\n";
        let (shift_jis, _, _) = SHIFT_JIS.encode(text);
        for bytes in [
            text.as_bytes().to_vec(),
            shift_jis.to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        ] {
            let table = Table::read(&bytes, Encoding::Auto, None).unwrap();
            assert_eq!(table.names, ["名前", "メール"]);
            assert_eq!(
                table.rows,
                [(2, vec!["髙橋 花子".to_owned(), "hanako@example.jp".to_owned()])]
            );
        }
        let broken = b"a,b\n1,2\n\x82,\xff\xff\n";
        let why = Table::read(broken, Encoding::Auto, None).unwrap_err();
        assert!(why.starts_with("line 3: it is neither"), "{why}");
        let why = Table::read(&shift_jis, Encoding::Utf8, None).unwrap_err();
        assert!(why.starts_with("line 1: it is not UTF-8"), "{why}");
        assert!(Table::read(b"\xff\xfea\0", Encoding::Auto, None).unwrap_err().contains("UTF-16"));
        assert!(Table::read(b"", Encoding::Auto, None).unwrap_err().contains("empty"));
    }

    #[test]
    fn rows_know_their_line_whatever_their_cells_hold() {
        let text = "a\tb\n\"one\ntwo\"\t2\n\t\n3\t4\t5\n";
        let table = Table::read(text.as_bytes(), Encoding::Auto, None).unwrap();
        let lines: Vec<_> = table.rows.iter().map(|(line, cells)| (*line, cells.len())).collect();
        assert_eq!(lines, [(2, 2), (5, 3)]);
    }

    #[test]
    fn no_formula_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejected.csv");
        let table = Table::read(b"a,b\n=1+1,-2\n@x,\"+3\n4\"\n", Encoding::Auto, None).unwrap();
        let wrong = vec![("a".to_owned(), "is no number".to_owned())];
        write_rejected(&path, &table, &[(0, 2, wrong.clone()), (1, 3, wrong)]).unwrap();
        let again = std::fs::read(&path).unwrap();
        let again = Table::read(&again, Encoding::Auto, None).unwrap();
        assert_eq!(again.names, ["a", "b"]);
        assert_eq!(again.rows[0].1, ["=1+1", "-2"]);
        assert_eq!(again.rows[1].1, ["@x", "+3\n4"]);
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.trim_start_matches('\u{feff}');
        assert_eq!(
            text,
            "a,b,line,problems\n'=1+1,'-2,2,a: is no number\n'@x,\"'+3\n4\",3,a: is no number\n"
        );
    }

    #[test]
    fn a_row_that_is_too_short_has_its_problems_under_their_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejected.csv");
        let table = Table::read(b"a,b,c\n1\n", Encoding::Auto, None).unwrap();
        write_rejected(&path, &table, &[(0, 2, vec![("b".to_owned(), "x".to_owned())])]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("\n1,,,2,b: x\n"), "{text}");
        let again = Table::read(text.as_bytes(), Encoding::Auto, None).unwrap();
        assert_eq!((again.names.len(), again.rows[0].1.len()), (3, 3));
    }

    proptest! {
        #[test]
        fn a_cell_comes_back_as_it_was(cell in "['=+@a-]{0,6}|.*") {
            let written = safe(&cell);
            prop_assert_eq!(plain(&written), cell);
            prop_assert!(!written.starts_with(FORMULA));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            for encoding in [Encoding::Auto, Encoding::Utf8, Encoding::ShiftJis] {
                let _ = Table::read(&bytes, encoding, None);
            }
        }
    }
}
