//! What can be asked for.

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// To see and take along what is held.
    Export,
    /// To have it put right.
    Correct,
    /// To have its use stopped.
    Stop,
    /// To have it erased.
    Erase,
    /// To see to whom it was given: the record of provision to third parties.
    Provision,
}

impl Kind {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Export, Self::Correct, Self::Stop, Self::Erase, Self::Provision];

    /// The one of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Correct => "correct",
            Self::Stop => "stop",
            Self::Erase => "erase",
            Self::Provision => "provision",
        }
    }

    pub(super) const fn action(self) -> &'static str {
        match self {
            Self::Export => "subject.export",
            Self::Correct => "subject.correct",
            Self::Stop => "subject.stop",
            Self::Erase => "subject.erase",
            Self::Provision => "subject.provision",
        }
    }
}
