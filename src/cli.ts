#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { asTyped } from './as-typed.ts';
import { databaseLine } from './commands/database-line.ts';
import { paint, useNoColours } from './commands/paint.ts';
import { currentTalk, note, say, setTalk } from './commands/print.ts';
import { keepCompiledCode } from './compile-cache.ts';
import { readConfig } from './config.ts';
import { plainMessageOf, translateDatabaseError } from './database/database-error.ts';
import { EXIT, messageOf, ReembedError } from './errors.ts';
import { refuseSwallowedOptions } from './swallowed-options.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

keepCompiledCode();

// The reader of the output may have exited, as in `reembed status | head -1`. A command with side effects still completes.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// Only the requested command is loaded: the provider's client and the queue take most of a second to load.
const commands: Record<string, () => Promise<Command>> = {
  import: async () => (await import('./commands/import.ts')).importCommand(),
  compare: async () => (await import('./commands/compare.ts')).compareCommand(),
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  worker: async () => (await import('./commands/worker.ts')).workerCommand(),
  status: async () => (await import('./commands/status.ts')).statusCommand(),
  ui: async () => (await import('./commands/ui.ts')).uiCommand(),
  bridge: async () => (await import('./commands/bridge.ts')).bridgeCommand(),
  validate: async () => (await import('./commands/validate.ts')).validateCommand(),
  report: async () => (await import('./commands/report.ts')).reportCommand(),
  setting: async () => (await import('./commands/setting.ts')).settingCommand(),
  alerts: async () => (await import('./commands/alerts.ts')).alertsCommand(),
  retry: async () => (await import('./commands/retry.ts')).retryCommand(),
  purge: async () => (await import('./commands/purge.ts')).purgeCommand(),
  release: async () => (await import('./commands/release.ts')).releaseCommand(),
  forget: async () => (await import('./commands/forget.ts')).forgetCommand(),
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  db: async () => (await import('./commands/db.ts')).dbCommand(),
  init: async () => (await import('./commands/init.ts')).initCommand(),
  completion: async () => (await import('./commands/completion.ts')).completionCommand(() => createProgram(Object.keys(commands))),
};

// They use none, or ask for it first.
const WITHOUT_DATABASE = ['completion', 'init'];

const wanted = process.argv[2] ?? '';
const program = await createProgram(Object.hasOwn(commands, wanted) ? [wanted] : Object.keys(commands));

try {
  refuseSwallowedOptions(program, process.argv.slice(2), process.env);
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = report(thrown);
}

/** The command line with some of its commands. */
async function createProgram(names: readonly string[]): Promise<Command> {
  const created = new Command('reembed')
    .description('Change the embedding model under a live PostgreSQL + pgvector table, with a way back at every step.')
    .version(version)
    .option('--no-color', 'plain text, as with NO_COLOR')
    .addOption(new Option('--quiet', 'only results, warnings and failures: no progress').conflicts('verbose'))
    .option('--verbose', 'progress more often where there is no terminal, and the trace of a failure')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 waiting at a gate, 4 validation failed, 70 a bug in pg-reembed.',
    );
  for (const name of names) created.addCommand((await commands[name]?.()) as Command);
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
    .configureOutput({ writeOut: (text) => process.stdout.write(asTyped(text)) })
    .configureHelp({ showGlobalOptions: true });
  command.commands.forEach(prepare);
}

/** Prints a failure, as one line for a user's mistake and with a stack trace for our bug, and returns its exit code. */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
  const error = translateDatabaseError(thrown, process.env.DATABASE_URL);
  if (error instanceof ReembedError) {
    const isDoubtful = error.exitCode === EXIT.waiting || error.exitCode === EXIT.unsure;
    const name = paint(isDoubtful ? 'doubtful' : 'bad', 'reembed:', process.stderr);
    say(`${name} ${messageOf(error)} [${error.code}] - ${error.remedy.replace(/\s+/g, ' ')}`);
    if (currentTalk() === 'verbose') say(traceOf(error));
    return error.exitCode;
  }
  say(`${paint('bad', 'reembed:', process.stderr)} a bug in pg-reembed; please report it with this trace\n${traceOf(error)}`);
  return EXIT.bug;
}

/** Where an error was thrown, and those that caused it. Users send us this trace, so it must not quote a row. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const trace = (error.stack ?? '').replace(error.message, () => plainMessageOf(error));
  if (!(error.cause instanceof Error)) return trace;
  // The message of a provider is not ours.
  return [trace, `caused by ${error.cause.name}`, ...(error.cause.stack ?? '').split('\n').filter((line) => /^ +at /.test(line))].join(
    '\n',
  );
}
