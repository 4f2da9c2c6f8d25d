#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { asTyped } from './as-typed.ts';
import { databaseLine } from './commands/database-line.ts';
import { say } from './commands/print.ts';
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
};

const program = new Command('reembed')
  .description('Change the embedding model under a live PostgreSQL + pgvector table, with a way back at every step.')
  .version(version)
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 waiting at a gate, 4 validation failed, 70 a bug in pg-reembed.');

const wanted = commands[process.argv[2] ?? ''];
for (const load of wanted ? [wanted] : Object.values(commands)) program.addCommand(await load());

function prepare(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: (text) => process.stdout.write(asTyped(text)) });
  command.commands.forEach(prepare);
}
prepare(program);
program.hook('preAction', () => say(databaseLine(readConfig())));

try {
  refuseSwallowedOptions(program, process.argv.slice(2), process.env);
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = report(thrown);
}

/** Prints a failure, as one line for a user's mistake and with a stack trace for our bug, and returns its exit code. */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
  const error = translateDatabaseError(thrown, process.env.DATABASE_URL);
  if (error instanceof ReembedError) {
    say(`reembed: ${messageOf(error)} [${error.code}] - ${error.remedy.replace(/\s+/g, ' ')}`);
    return error.exitCode;
  }
  // Users send us this trace, so it must not quote a row.
  const trace = error instanceof Error ? (error.stack ?? '').replace(error.message, () => plainMessageOf(error)) : String(error);
  say(`reembed: a bug in pg-reembed; please report it with this trace\n${trace}`);
  return EXIT.bug;
}
