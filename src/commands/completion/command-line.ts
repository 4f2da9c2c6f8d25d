import type { Command, Option } from 'commander';

/** An option as a shell completes it. */
export interface CompletedOption {
  /** --long, without its value */
  long: string;
  short: string | undefined;
  description: string;
  /** what follows it */
  value: 'none' | 'file' | 'choice' | 'text';
  choices: readonly string[];
}

/** A command, its subcommands and its options. */
export interface CompletedCommand {
  /** words that name it after `reembed`, such as migrate create; none for the program itself */
  path: readonly string[];
  description: string;
  /** names of its subcommands, or the values of its first argument */
  words: readonly { name: string; description: string }[];
  options: readonly CompletedOption[];
}

/** Every command of the program, the program itself first. */
export type CommandLine = readonly CompletedCommand[];

/** Describes a program as its help does, so that a completion never offers what the command refuses. */
export function describeCommandLine(program: Command): CommandLine {
  return describe(program, []);
}

function describe(command: Command, path: readonly string[]): CompletedCommand[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  const [argument] = command.registeredArguments;
  return [
    {
      path,
      description: plain(command.description()),
      words: [
        ...subcommands.map((one) => ({ name: one.name(), description: plain(one.description()) })),
        ...(argument?.argChoices ?? []).map((name) => ({ name, description: plain(argument?.description ?? '') })),
      ],
      options: [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].flatMap(describeOption),
    },
    ...subcommands.flatMap((one) => describe(one, [...path, one.name()])),
  ];
}

function describeOption(option: Option): CompletedOption[] {
  if (option.long === undefined || option.long === null) return [];
  const { long, short, description, argChoices: choices = [] } = option;
  const takesFile = /<(file|folder)>/.test(option.flags);
  const value = choices.length > 0 ? 'choice' : takesFile ? 'file' : option.required ? 'text' : 'none';
  return [{ long, short, description: plain(description), value, choices }];
}

/** One line without characters that a shell would interpret between single quotes or in a description. */
function plain(text: string): string {
  return text.replace(/['`"\\$:[\]]/g, '').replace(/\s+/g, ' ');
}
