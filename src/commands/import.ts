import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { openDatabase } from '../database/connection.ts';
import { parseChromaAddress } from '../import/chroma-address.ts';
import { openCollection } from '../import/chroma-collection.ts';
import { type Comparison, type ImportResult, importCollection } from '../import/import.ts';
import { ImportDiffers, RecordsLeftOut } from '../import/import-error.ts';
import { visible, visibleAll } from '../print-text.ts';
import { counted, formatBytes, formatNumber, formatSeconds } from '../wording.ts';
import { print, printJson } from './print.ts';
import { createDisplay } from './progress-display.ts';

interface ImportOptions {
  table: string;
  replace?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

const HELP = `
  npm run import -- chroma://localhost:8000/articles --table chunks
  npm run import -- "chroma+https://chroma.example.com/articles?tenant=acme&database=search" --table search.chunks --dry-run

A table that does not exist is created: id text primary key, document text, metadata jsonb, embedding vector(n). A second run copies only what is
missing. A token is read from CHROMA_API_KEY (sent as x-chroma-token), or from the address: chroma://TOKEN@host or chroma://USER:PASSWORD@host.
CHROMA_TENANT and CHROMA_DATABASE are defaults of the address. Needs the npm package chromadb. Procedure: docs/chroma.md.`;

/** `reembed import`: copies a collection of a Chroma server into a table, and compares every vector with its source. */
export function importCommand(): Command {
  return new Command('import')
    .description('copy a collection of a Chroma server into a table, and compare every vector with its source by checksum')
    .argument('<source>', 'chroma://host:port/collection, or chroma+https://')
    .requiredOption('--table <name>', 'table, schema-qualified where needed; created if it does not exist')
    .option('--replace', 'overwrite rows that have the id of a record and another content')
    .option('--dry-run', 'compare collection and table, and write nothing')
    .option('--json', 'print the result as JSON on stdout')
    .addHelpText('after', HELP)
    .action((source: string, options: ImportOptions) => run(source, options));
}

async function run(address: string, options: ImportOptions): Promise<void> {
  const config = readConfig();
  const source = await openCollection(parseChromaAddress(address, config.chroma));
  const database = await openDatabase(config);
  const display = createDisplay();
  const startedAt = performance.now();
  try {
    const request = { table: options.table, replace: options.replace ?? false, dryRun: options.dryRun ?? false };
    const result = await importCollection(database, source, request, (pass, done, total) =>
      display.update([{ name: pass, done, total, text: `${formatNumber(done)} of ${formatNumber(total)} records` }]),
    );
    display.stop();
    const seconds = (performance.now() - startedAt) / 1000;
    const mostMemory = process.resourceUsage().maxRSS * 1024;
    if (options.json) printJson({ ...result, seconds, mostMemory }, 2);
    else print(`${importText(visibleAll(result), seconds, mostMemory)}\n`);
    refuseIncomplete(result);
  } finally {
    display.stop();
    await database.close();
  }
}

/** @throws RecordsLeftOut, ImportDiffers */
function refuseIncomplete({ table, leftOut, after }: ImportResult): void {
  const [first] = leftOut;
  if (first) throw new RecordsLeftOut(leftOut.length, { id: visible(first.id), reason: first.reason });
  if (after && after.missing + after.different > 0) throw new ImportDiffers(table, after.missing, after.different);
}

function importText(result: ImportResult, seconds: number, mostMemory: number): string {
  const { collection, table, records, dimensions, exists, before, written, leftOut, after } = result;
  const lines = [`collection ${collection}: ${counted(records, 'record')}, ${dimensions} dimensions`];
  if (!exists) lines.push(`table ${table}: ${written === null ? 'would be created' : 'created'}`);
  if (before) lines.push(`table ${table} before: ${comparisonText(before)}`);
  if (written !== null)
    lines.push(`${counted(written, 'row')} written in ${formatSeconds(seconds)}, at most ${formatBytes(mostMemory)} of memory`);
  for (const { id, reason } of leftOut.slice(0, 10)) lines.push(`left out: ${id}: ${reason}`);
  if (after) lines.push(`table ${table} after: ${comparisonText(after)}`, checksumText(after));
  return lines.join('\n');
}

function comparisonText({ records, equal, missing, different, withoutDocument }: Comparison): string {
  const without = withoutDocument > 0 ? `; ${formatNumber(withoutDocument)} have no document to embed` : '';
  return `of ${formatNumber(records)} records ${formatNumber(equal)} are equal, ${formatNumber(missing)} missing, ${formatNumber(different)} different${without}`;
}

function checksumText({ checksum: { collection, table } }: Comparison): string {
  return collection === table
    ? `checksum of all vectors, collection and table: ${collection}`
    : `checksums of all vectors differ: ${collection} in the collection, ${table} in the table`;
}
