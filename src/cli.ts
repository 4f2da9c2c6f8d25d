#!/usr/bin/env node
import { CommanderError } from 'commander';
import { paint } from './commands/paint.ts';
import { currentTalk, say } from './commands/print.ts';
import { keepCompiledCode } from './compile-cache.ts';
import { plainMessageOf, translateDatabaseError } from './database/database-error.ts';
import { EXIT, messageOf, ReembedError } from './errors.ts';
import { createProgram } from './program.ts';
import { refuseSwallowedOptions } from './swallowed-options.ts';

keepCompiledCode();

// The reader of the output may have exited, as in `reembed status | head -1`. A command with side effects still completes.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') lose(stream, error);
  });
}

const program = await createProgram(process.argv[2]);

try {
  refuseSwallowedOptions(program, process.argv.slice(2), process.env);
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = report(thrown);
}

/** A full disk under a log must not end work that needs it for nothing else; a result that is not written is a failure. */
function lose(stream: NodeJS.WriteStream, error: Error): void {
  if (stream === process.stderr || process.exitCode === EXIT.failed) return;
  process.exitCode = EXIT.failed;
  say(`${paint('bad', 'reembed:', process.stderr)} the output cannot be written: ${messageOf(error)}`);
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
