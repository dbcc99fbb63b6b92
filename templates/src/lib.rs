//! The files of a scaffolded project.
