//! What the inspector lets through and what it refuses, per dialect.

mod calls;
mod deep;
mod explain;
mod fragments;
mod functions;
mod grammar;
mod lexers;
mod mysql;
mod names;
mod postgres;
mod robustness;
mod sqlite;
mod table;
