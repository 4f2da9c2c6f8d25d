import { readFileSync, writeFileSync } from 'node:fs';

const OVERVIEW = new URL('../../docs/recipes/README.md', import.meta.url);
const COLUMNS = ['campaign', 'own writes', 'reads without change', 'writes without change', 'after contract'] as const;

/** A row of the table in docs/recipes/README.md. */
export type Cells = Record<(typeof COLUMNS)[number], string>;

/** The rows of the table, by the page that each links to. */
export function readMatrix(): Map<string, Cells> {
  const rows = [...readFileSync(OVERVIEW, 'utf8').matchAll(/^\| \[.*?\]\((\w+)\.md\) \| (.*) \|$/gm)];
  return new Map(
    rows.map(([, page = '', cells = '']) => {
      const values = cells.split(' | ');
      return [page, Object.fromEntries(COLUMNS.map((column, i) => [column, values[i] ?? ''])) as Cells];
    }),
  );
}

/** Replaces the cells of a row. */
export function writeMatrix(page: string, cells: Cells): void {
  const text = readFileSync(OVERVIEW, 'utf8');
  const row = new RegExp(`^(\\| \\[.*?\\]\\(${page}\\.md\\) \\| ).*( \\|)$`, 'm');
  writeFileSync(
    OVERVIEW,
    text.replace(row, (_, start, end) => start + COLUMNS.map((column) => cells[column]).join(' | ') + end),
  );
}

/** Cells of the page in which the table says something else than a run has shown. */
export function differences(page: string, shown: Cells): string[] {
  const stated = readMatrix().get(page);
  return COLUMNS.filter((column) => stated?.[column] !== shown[column]).map(
    (column) => `docs/recipes/README.md says "${stated?.[column]}" for ${column}, but the run shows "${shown[column]}"`,
  );
}
