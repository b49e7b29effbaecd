//! The command line.

use clap::{Parser, Subcommand, ValueEnum};

use crate::{commands, doctor, export, verify};

/// Looks at a database cluster as diesel-routing does: what each node is and has, what is wrong, and what to do.
///
/// Reads only, unless a command says otherwise: its database sessions are read-only.
#[derive(Parser)]
#[command(name = "diesel-routing", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) look: Look,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The form of results.
#[derive(clap::Args)]
pub(crate) struct Look {
    /// Print JSON for programs, in place of tables for people
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colours; `auto` respects `NO_COLOR`
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// The use of colours.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// The commands.
#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one, for the whole run")]
pub(crate) enum Command {
    /// Show each node's role, health, lag and position, once
    Status(commands::status::Options),
    /// Show them live, with a picture of the lag over time
    Watch(commands::watch::Options),
    /// Take a session token apart, and verify it
    Token(commands::token::Options),
    /// Look for what is wrong with the cluster, and say what to do
    Doctor(doctor::Options),
    /// Write rules for a proxy in front of the cluster
    Export(export::Options),
    /// Prove under load that no read is stale and no lock is taken on a replica
    Verify(verify::Options),
    /// Write a completion script for a shell
    Completions(commands::completions::Options),
    /// Write the manual page
    Man,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    all is well
  1    a finding: a node that does not serve, a token that is rejected, a violation
  2    a mistake on the command line or in the configuration
  3    no node, or not the one that is needed, could be reached
  4    anything else, such as output that cannot be written
  130  interrupted";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Args::command().debug_assert();
    }
}
