import { globSync } from 'node:fs';
import { ROOT, readSource } from '../pages.ts';
import { code, plain, table } from './markdown.ts';
import { readSchema, type SchemaObject } from './schema.ts';

// Pages about how the toolkit works: what they name is not meant to be called.
const INTERNAL_PAGES = ['docs/architecture.md', 'docs/attacks.md', 'docs/security.md', 'docs/reliability.md'];

/** Views, functions and tables of schema reembed, as their comments describe them. */
export function objectsPage(): string {
  const objects = readSchema();
  const [views, tables] = (['VIEW', 'TABLE'] as const).map((kind) => objects.filter((object) => object.kind === kind));
  const routines = objects.filter(({ kind }) => kind === 'FUNCTION' || kind === 'PROCEDURE');
  const called = calledInPages();
  const ofPages = routines.filter(({ name }) => called.has(name));
  const others = routines.filter(({ name }) => !called.has(name));
  return [
    '---\noutline: 2\n---',
    '# SQL objects',
    'Everything that `migrate up` installs in schema `reembed`. Generated from the comments that the objects have in the database: `\\dv+ reembed.*`, `\\df+ reembed.*` and `\\d+` show the same. Who may use what is in [Security](../../docs/security.md#objects-and-privileges).',
    '## Views',
    ...(views ?? []).flatMap(withColumns),
    '## Functions for people and applications',
    'Those that these pages call.',
    ...ofPages.flatMap((routine) => [`### ${routine.name}`, code(signatureOf(routine)), plain(routine.comment)]),
    '## Tables',
    ...(tables ?? []).flatMap(withColumns),
    '## Functions of the toolkit',
    'Called by commands, workers and triggers; their signatures may change with any version.',
    table(
      ['function', 'what it does'],
      others.map(({ name, comment }) => [code(name), plain(comment)]),
    ),
    '',
  ].join('\n\n');
}

function withColumns({ name, comment, columns, kind }: SchemaObject): string[] {
  const head = ['column', ...(kind === 'TABLE' ? ['type'] : []), 'what it holds'];
  const rows = columns.map((column) => [code(column.name), ...(kind === 'TABLE' ? [code(column.type)] : []), plain(column.comment)]);
  return [`### ${name}`, plain(comment), ...(rows.length > 0 ? [table(head, rows)] : [])];
}

function signatureOf({ kind, name, parameters, returns }: SchemaObject): string {
  const result = returns === '' ? '' : ` → ${returns.replace(/\s+/g, ' ')}`;
  return `${kind === 'PROCEDURE' ? 'CALL ' : ''}reembed.${name}(${parameters.replace(/\s+/g, ' ')})${result}`;
}

function calledInPages(): Set<string> {
  const pages = globSync('docs/**/*.md', { cwd: ROOT }).filter((page) => !INTERNAL_PAGES.includes(page));
  return new Set(pages.flatMap((page) => [...readSource(page).matchAll(/reembed\.(\w+)\(/g)].map(([, name = '']) => name)));
}
