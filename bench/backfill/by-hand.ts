import { BARE_TABLE, createBareTable } from './bare-table.ts';
import type { ByHandCalls, Filling, Way } from './by-hand-process.ts';
import { type Child, startChild } from './child.ts';
import type { Contender } from './contender.ts';
import { TABLE } from './documents.ts';

export const SEARCH_TABLE = `SELECT id, content FROM ${TABLE} ORDER BY embedding <=> $1 LIMIT 10`;

const WAYS: Record<'a' | 'b' | 'e', { way: Way; title: string }> = {
  a: { way: 'row by row', title: 'by hand, row by row' },
  b: { way: 'unnest', title: 'by hand, 500 rows a statement' },
  e: { way: 'copy', title: 'floor: COPY, bare table' },
};

/** Backfills as users write them, and the minimum that any of them has to do. They do not handle rows that change meanwhile. */
export function byHandContender(letter: 'a' | 'b' | 'e'): Contender {
  const { way, title } = WAYS[letter];
  let child: Child<ByHandCalls> | undefined;
  let filling: Filling | undefined;
  let onRows: (rows: number) => void = () => {};
  const running = () => {
    child ??= startChild<ByHandCalls>('./by-hand-process.ts', (rows) => onRows(rows));
    return child;
  };
  return {
    letter,
    title,
    search: SEARCH_TABLE,
    async prepare({ url, client, table: { rows, dimensions, seed } }) {
      if (way === 'copy') await createBareTable(client, dimensions);
      else await client.query(`ALTER TABLE ${TABLE} ADD COLUMN embedding_v2 vector(${dimensions})`);
      await running().call('prepare', { url, way, rows, dimensions, seed });
      return way === 'copy'
        ? { relation: BARE_TABLE, column: 'embedding', isCurrent: false }
        : { relation: TABLE, column: 'embedding_v2', isCurrent: false };
    },
    async fill(listener) {
      onRows = listener;
      filling = await running().call('fill', undefined);
      return filling;
    },
    async settle() {
      const peakMemoryBytes = await running().call('end', undefined);
      return {
        cpuMicroseconds: filling?.cpuMicroseconds ?? 0,
        peakMemoryBytes,
        more: { vectorSeconds: filling?.vectorSeconds ?? 0, vectorCpuMicroseconds: filling?.vectorCpuMicroseconds ?? 0 },
      };
    },
    async close() {
      child?.stop();
    },
  };
}
