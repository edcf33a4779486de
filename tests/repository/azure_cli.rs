//! Every `az` command that is documented, printed or run is one that the real Azure CLI takes.
//!
//! It parses them without running any: see `tests/tools/azure/parse.py`. `./test` installs it.

mod documents;
mod shell;

use sandbox::azure_cli::refusals;

#[test]
fn every_documented_command_is_taken() {
    let commands = documents::commands();
    assert!(!commands.is_empty());
    let words: Vec<_> = commands.iter().map(|command| command.words.clone()).collect();
    let Some(refusals) = refusals(&words) else { return };
    let left_out = |refusal: &str| refusal.contains("required") || refusal.contains("incorrect usage");
    let told: Vec<String> = commands
        .iter()
        .zip(refusals)
        .filter_map(|(command, refusal)| {
            let refusal = refusal.filter(|refusal| !(command.partial && left_out(refusal)))?;
            Some(format!("{}: {}\n    {refusal}", command.place, command.words.join(" ")))
        })
        .collect();
    assert!(told.is_empty(), "refused by the Azure CLI:\n{}", told.join("\n"));
}

#[test]
fn wrong_commands_are_refused() {
    let wrong = [
        ("az keyvault key create --vault-name v --nmae n", "unrecognized arguments: --nmae"),
        ("az keyvault key create --vault-name v --name n --kty RAS", "'RAS' is not a valid value for --kty"),
        ("az keyvault key show --vault-name v", "incorrect usage"),
        ("az functionapp restart --name n", "(--resource-group | --ids) are required"),
        ("az functionapp list-flexconsumption-location", "misspelled or not recognized"),
        ("az group show --name n --subscription s --lcoation l", "unrecognized arguments: --lcoation"),
        ("az keyvault key", "arguments are required"),
        ("az", "no command"),
    ];
    let commands: Vec<_> = wrong.iter().flat_map(|(command, _)| shell::az_commands(command)).collect();
    let Some(refusals) = refusals(&commands) else { return };
    for ((command, wanted), refusal) in wrong.iter().zip(refusals) {
        assert!(refusal.as_ref().is_some_and(|refusal| refusal.contains(wanted)), "{command}: {refusal:?}");
    }
}
