//! The shop as a browser meets it, asked through its router.
#![cfg(test)]

mod asked;
mod contact;
mod files;
mod pages;
