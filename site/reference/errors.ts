import { globSync } from 'node:fs';
import { OWN_SQLSTATES } from '../../src/database/database-error.ts';
import { ROOT, readSource } from '../pages.ts';
import { plain, sentence, table } from './markdown.ts';
import { readThrownErrors, type ThrownError } from './thrown-errors.ts';

/** Every error code with its cause and its remedy: those of commands, and those that SQL raises. */
export function errorsPage(): string {
  const byCode = Map.groupBy(readThrownErrors(), (error) => error.code);
  const codes = [...byCode.keys()].sort();
  return [
    '---\noutline: 2\n---',
    '# Errors',
    'A command that fails prints one line: what is wrong, the code in brackets, and what to do. Scripts compare codes, never sentences. Names in *italics* stand for what is filled in, `…` for what depends on the case. Generated from the code. What a clause of `--part` and a join of `--text-from` are refused for is in [A part of a table](../../docs/parts-of-a-table.md#what-is-refused) and [Text in another table](../../docs/text-from.md#what-create-checks).',
    '## Codes of commands',
    ...codes.flatMap((name) => describe(name, byCode.get(name) ?? [])),
    '## SQLSTATEs',
    'Raised by functions of schema `reembed`, with the remedy as their HINT. An application meets only RE002 and RE007.',
    ...Object.entries(OWN_SQLSTATES).flatMap(([sqlState, name]) => [
      `### ${sqlState}: ${name}`,
      table(['message', 'remedy'], raisedWith(sqlState)),
    ]),
    '',
  ].join('\n\n');
}

function describe(name: string, errors: readonly ThrownError[]): string[] {
  const [first] = errors;
  if (first && errors.length === 1)
    return [
      `### ${name}`,
      ...(first.purpose ? [plain(sentence(first.purpose))] : []),
      `- Message: ${first.message}\n${first.remedies.map((remedy) => `- Remedy: ${remedy}`).join('\n')}`,
    ];
  return [
    `### ${name}`,
    table(
      ['message', 'remedy'],
      errors.map(({ message, remedies }) => [message, remedies.join('; or: ')]),
    ),
  ];
}

const RAISE = /RAISE EXCEPTION '((?:[^']|'')*)'[^;]*?ERRCODE = '(RE\d{3})'(?:,\s*HINT = ([^;]*))?;/g;

/** Messages and hints of the functions that raise an SQLSTATE. */
function raisedWith(sqlState: string): string[][] {
  const rows = globSync('sql/**/*.sql', { cwd: ROOT })
    .sort()
    .flatMap((file) => [...readSource(file).matchAll(RAISE)])
    .filter(([, , state]) => state === sqlState)
    .map(([, message = '', , hint = '']) => [filledIn(message), hintText(hint)]);
  return [...new Map(rows.map((row) => [row.join(), row])).values()];
}

/** The texts of a HINT: literals, also those of a format. */
function hintText(expression: string): string {
  const literals = [...expression.matchAll(/'((?:[^']|'')*)'/g)]
    .map(([, text = '']) => filledIn(text))
    .filter((text) => /\w{3}/.test(text));
  return literals.join(' … ') || '…';
}

function filledIn(text: string): string {
  return plain(
    text
      .replaceAll("''", "'")
      .replaceAll(/%[LIs]|%(?!%)|\{\w+\}/g, '…')
      .replaceAll('%%', '%'),
  );
}
