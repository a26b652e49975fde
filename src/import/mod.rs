//! What comes from files: the reference data that ships, and tables handed to `opptrapping import`.
pub mod reference;
