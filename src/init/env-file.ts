import { UsageError } from '../errors.ts';

/**
 * The text of a .env file with the given variables: a line that sets one of them is replaced, the others are added at the end, and
 * everything else stays as it is.
 *
 * @throws UsageError for a value that no quotes of a .env file can hold
 */
export function withVariables(text: string, variables: ReadonlyMap<string, string>): string {
  const left = new Map(variables);
  const lines = text.split('\n').map((line) => {
    const [, name = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line) ?? [];
    const value = left.get(name);
    if (value === undefined) return line;
    left.delete(name);
    return `${name}=${quoted(name, value)}`;
  });
  while (lines.at(-1) === '') lines.pop();
  return [...lines, ...[...left].map(([name, value]) => `${name}=${quoted(name, value)}`), ''].join('\n');
}

function quoted(name: string, value: string): string {
  if (/^[\w./:@%+,=?&-]*$/.test(value)) return value;
  const quote = ["'", '"', '`'].find((candidate) => !value.includes(candidate));
  // In double quotes, a backslash would begin an escape.
  if (quote === undefined || /[\r\n]/.test(value) || (quote === '"' && value.includes('\\')))
    throw new UsageError(`the value of ${name} cannot be written to .env`, `set ${name} in the environment`);
  return `${quote}${value}${quote}`;
}
