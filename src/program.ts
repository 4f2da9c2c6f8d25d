import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { asTyped } from './as-typed.ts';
import { databaseLine } from './commands/database-line.ts';
import { paint, useNoColours } from './commands/paint.ts';
import { note, say, setTalk } from './commands/print.ts';
import { readConfig } from './config.ts';
import { columnsOf, fitColumns } from './fit-columns.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

// Only the requested command is loaded: the provider's client and the queue take most of a second to load.
const load = {
  init: async () => (await import('./commands/init.ts')).initCommand(),
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  compare: async () => (await import('./commands/compare.ts')).compareCommand(),
  import: async () => (await import('./commands/import.ts')).importCommand(),
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  worker: async () => (await import('./commands/worker.ts')).workerCommand(),
  bridge: async () => (await import('./commands/bridge.ts')).bridgeCommand(),
  validate: async () => (await import('./commands/validate.ts')).validateCommand(),
  report: async () => (await import('./commands/report.ts')).reportCommand(),
  status: async () => (await import('./commands/status.ts')).statusCommand(),
  ui: async () => (await import('./commands/ui.ts')).uiCommand(),
  setting: async () => (await import('./commands/setting.ts')).settingCommand(),
  alerts: async () => (await import('./commands/alerts.ts')).alertsCommand(),
  retry: async () => (await import('./commands/retry.ts')).retryCommand(),
  purge: async () => (await import('./commands/purge.ts')).purgeCommand(),
  release: async () => (await import('./commands/release.ts')).releaseCommand(),
  forget: async () => (await import('./commands/forget.ts')).forgetCommand(),
  db: async () => (await import('./commands/db.ts')).dbCommand(),
  completion: async () => (await import('./commands/completion.ts')).completionCommand(() => createProgram()),
};
type Name = keyof typeof load;

/** The commands as `--help` lists them, in the order in which they are needed. */
const GROUPS: Record<string, readonly Name[]> = {
  'Before a migration:': ['init', 'doctor', 'compare', 'import'],
  'Migrate:': ['migrate', 'worker', 'bridge', 'validate', 'report'],
  'Watch and steer:': ['status', 'ui', 'setting', 'alerts', 'retry'],
  'Clean up:': ['purge', 'release', 'forget'],
  'Other:': ['db', 'completion'],
};

// They use none, or ask for it first.
const WITHOUT_DATABASE = ['completion', 'init'];

/**
 * The command line.
 *
 * @param wanted the command that will run; without one, or for one that does not exist, all of them are loaded
 */
export async function createProgram(wanted = ''): Promise<Command> {
  const created = new Command('reembed')
    .description('Change the embedding model under a live PostgreSQL + pgvector table, with a rollback at every step.')
    .version(version)
    .option('--no-color', 'plain text, as with NO_COLOR')
    .addOption(new Option('--quiet', 'only results, warnings and failures: no progress').conflicts('verbose'))
    .option('--verbose', 'progress more often where there is no terminal, and the trace of a failure')
    .addHelpText(
      'after',
      `
Start with init, or with migrate create --help. Each command has --help.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 waiting at a gate, 4 validation failed, 5 validation unsure,
70 a bug in pg-reembed.`,
    );
  for (const [heading, names] of Object.entries(GROUPS)) {
    created.commandsGroup(heading);
    for (const name of names) if (name === wanted || !Object.hasOwn(load, wanted)) created.addCommand(await load[name]());
  }
  // Into the last group, instead of one of its own.
  created.helpCommand(true);
  prepare(created);
  // As soon as it is read: a refusal of another option is coloured, too.
  created.on('option:no-color', useNoColours);
  created.hook('preAction', (_, action) => {
    const { quiet, verbose } = created.opts<{ quiet?: boolean; verbose?: boolean }>();
    setTalk(quiet ? 'quiet' : verbose ? 'verbose' : 'usual');
    if (!WITHOUT_DATABASE.includes(action.name())) note(databaseLine(readConfig()));
  });
  return created;
}

function prepare(command: Command): void {
  command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => process.stdout.write(fitColumns(asTyped(text), columnsOf(process.stdout))),
      outputError: (text) => say(usageLine(text)),
    })
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: 20 });
  command.commands.forEach(prepare);
}

/** A refusal of commander as one line in the form of every other failure. */
function usageLine(text: string): string {
  const [message = '', question] = text
    .trim()
    .replace(/^error: /, '')
    .split('\n');
  const remedy = question ? question.replace(/^\(D(.*)\)$/, 'd$1') : 'see --help';
  return `${paint('bad', 'reembed:', process.stderr)} ${message.replace(/\.$/, '')} [usage] - ${remedy}`;
}
