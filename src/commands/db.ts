import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { openEmbedded } from '../database/embedded.ts';
import { UsageError } from '../errors.ts';
import { wholeNumber } from './parse-option.ts';
import { say } from './print.ts';

/** `reembed db`: serves the embedded database to psql and other processes. */
export function dbCommand(): Command {
  return new Command('db')
    .description('serve the embedded database for psql and other processes until stopped')
    .option('--port <n>', 'TCP port on 127.0.0.1 (default: a free one)', wholeNumber)
    .action(async (options: { port?: number }) => {
      const config = readConfig();
      if (config.databaseUrl)
        throw new UsageError(
          `${config.databaseVariables.join(', ')} set, so the embedded database is not used`,
          'unset DATABASE_URL, PGHOST, PGPORT and PGDATABASE to serve it, or set DATABASE_URL=embedded:',
        );
      const embedded = await openEmbedded({ directory: config.embeddedDirectory, ...(options.port ? { port: options.port } : {}) });
      process.stdout.write(`${embedded.url}\n`);
      if (!embedded.owner) {
        say('another process already serves it');
        return;
      }
      say('serving; Ctrl-C stops it');
      await new Promise<void>((resolve) => {
        process.once('SIGINT', resolve);
        process.once('SIGTERM', resolve);
      });
      await embedded.close();
    });
}
