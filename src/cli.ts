#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { dbCommand } from './commands/db.ts';
import { doctorCommand } from './commands/doctor.ts';
import { migrateCommand } from './commands/migrate.ts';
import { purgeCommand } from './commands/purge.ts';
import { retryCommand } from './commands/retry.ts';
import { settingCommand } from './commands/setting.ts';
import { statusCommand } from './commands/status.ts';
import { validateCommand } from './commands/validate.ts';
import { workerCommand } from './commands/worker.ts';
import { translateDatabaseError } from './database/database-error.ts';
import { EXIT, ReembedError } from './errors.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

const program = new Command('reembed')
  .description('Change the embedding model under a live PostgreSQL + pgvector table, with a way back at every step.')
  .version(version)
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 waiting at a gate, 4 validation failed, 70 a bug of ours.')
  .addCommand(migrateCommand())
  .addCommand(workerCommand())
  .addCommand(statusCommand())
  .addCommand(validateCommand())
  .addCommand(settingCommand())
  .addCommand(retryCommand())
  .addCommand(purgeCommand())
  .addCommand(doctorCommand())
  .addCommand(dbCommand());

function exitOverride(command: Command): void {
  command.exitOverride();
  command.commands.forEach(exitOverride);
}
exitOverride(program);

try {
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = report(thrown);
}

/** Prints a failure, one line for a user's mistake and a trace for our bug, and names its exit code. */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
  const error = translateDatabaseError(thrown, process.env.DATABASE_URL);
  if (error instanceof ReembedError) {
    process.stderr.write(`reembed: ${error.message.replace(/\s+/g, ' ')} [${error.code}] - ${error.remedy.replace(/\s+/g, ' ')}\n`);
    return error.exitCode;
  }
  process.stderr.write(`reembed: a bug of ours; please report it with this trace\n${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.bug;
}
