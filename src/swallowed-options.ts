import type { Command, Option } from 'commander';
import { UsageError } from './errors.ts';

// The user may have set these for all of npm; only their absence from the requested command tells that they were not meant for it.
const NPM_HAS_TOO = new Set(['all', 'dry-run', 'json', 'target', 'yes']);
// npm's audit is on by default and often switched off in .npmrc, so its value says nothing about ours.
const NEVER_OURS = new Set(['audit']);

/**
 * Refuses options that npm took for its own: without --, `npm run worker --limit 100` would embed everything. npm passes what it took in
 * variables npm_config_….
 *
 * @param argv arguments of the process after the name of the script
 * @throws UsageError
 */
export function refuseSwallowedOptions(program: Command, argv: readonly string[], env: NodeJS.ProcessEnv): void {
  const script = env.npm_lifecycle_event;
  if (!script) return;
  const requested = new Set(requestedCommand(program, argv).options);
  const swallowed = optionsOf(program.commands).find((option) => {
    const name = nameOf(option);
    const value = env[`npm_config_${name.replace(/^no-/, '').replaceAll('-', '_')}`];
    if (value === undefined || NEVER_OURS.has(name)) return false;
    if (NPM_HAS_TOO.has(name) && (!requested.has(option) || value === '' || value === 'false')) return false;
    return !argv.some((word) => word === option.short || word.split('=')[0] === option.long);
  });
  if (!swallowed) return;
  const flag = swallowed.long ?? swallowed.short;
  const unset = NPM_HAS_TOO.has(nameOf(swallowed))
    ? `; if it was not meant for this command, unset npm_config_${nameOf(swallowed).replaceAll('-', '_')} or remove it from .npmrc`
    : '';
  throw new UsageError(
    `npm consumed ${flag} as an option of its own, so nothing was run`,
    `put -- before the options: npm run ${script} ... -- ${flag} ...${unset}`,
  );
}

function nameOf(option: Option): string {
  return (option.long ?? option.short ?? '').replace(/^-+/, '');
}

function requestedCommand(program: Command, argv: readonly string[]): Command {
  let command = program;
  for (const word of argv) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (!next) break;
    command = next;
  }
  return command;
}

function optionsOf(commands: readonly Command[]): Option[] {
  return commands.flatMap((command) => [...command.options, ...optionsOf(command.commands)]);
}
