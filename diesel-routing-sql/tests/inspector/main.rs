//! What the inspector lets through and what it refuses, per dialect.

mod fragments;
mod functions;
mod mysql;
mod postgres;
mod robustness;
mod sqlite;
mod table;
