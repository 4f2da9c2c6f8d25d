import type { Command, Help } from 'commander';
import { createProgram } from '../../src/program.ts';
import { code, plain, sentence, table } from './markdown.ts';

/** Every command, with its arguments and options, as the command line itself describes them. */
export async function commandsPage(): Promise<string> {
  const program = await createProgram();
  const help = program.createHelp();
  // Shown once, and not with each command.
  help.showGlobalOptions = false;
  return [
    '# Commands',
    'In a checkout every command is also a script: `npm run status -- --json`. Generated from the command line; each command has `--help`.',
    '## Options of every command',
    optionsTable(help, program),
    ...program.commands.flatMap((command) => describe(help, command)),
    '',
  ].join('\n\n');
}

function describe(help: Help, command: Command): string[] {
  const names = [...ancestors(command), command].map((one) => one.name());
  // The name of the program is in the usage.
  const heading = `${'#'.repeat(names.length)} ${names.slice(1).join(' ')}`;
  const parts = [heading, plain(sentence(command.description())), `\`\`\`text\n${help.commandUsage(command)}\n\`\`\``];
  const parameters = help.visibleArguments(command);
  if (parameters.length > 0)
    parts.push(
      table(
        ['argument', 'what it is'],
        parameters.map((parameter) => [code(help.argumentTerm(parameter)), plain(help.argumentDescription(parameter))]),
      ),
    );
  if (command.commands.length > 0) return [...parts, ...command.commands.flatMap((one) => describe(help, one))];
  return command.options.length > 0 ? [...parts, optionsTable(help, command)] : parts;
}

function optionsTable(help: Help, command: Command): string {
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  return table(
    ['option', 'what it does'],
    options.map((option) => [code(help.optionTerm(option)), plain(help.optionDescription(option))]),
  );
}

function ancestors(command: Command): Command[] {
  return command.parent ? [...ancestors(command.parent), command.parent] : [];
}
