import { SETTING_GROUPS } from '../../src/commands/show-settings.ts';
import { code, plain, table } from './markdown.ts';
import { type Column, readSchema } from './schema.ts';

/** Every setting, in the groups of `reembed setting`, with what the database says about it. */
export function settingsPage(): string {
  const columns = readSchema().find(({ name }) => name === 'setting')?.columns ?? [];
  const grouped = Object.values(SETTING_GROUPS).flat();
  const others = columns.filter(({ name }) => !grouped.includes(name));
  return [
    '# Settings',
    'Each target has settings of its own. `npm run setting` shows them; `npm run setting -- "soak=2 days"` and `UPDATE reembed.setting SET soak = \'2 days\'` change one. A change takes effect at once, and `reembed.event` records who made it. Generated from the comments of table `reembed.setting`.',
    ...Object.entries(SETTING_GROUPS).flatMap(([group, names]) => [
      `## ${group}`,
      settingsTable(columns.filter(({ name }) => names.includes(name))),
    ]),
    '## Other columns',
    settingsTable(others),
    '',
  ].join('\n\n');
}

function settingsTable(columns: readonly Column[]): string {
  return table(
    ['setting', 'type', 'default', 'what it means'],
    columns.map((column) => [code(column.name), plain(column.type), defaultText(column), plain(column.comment)]),
  );
}

/** The default as it would be written for `reembed setting`, without its cast. */
function defaultText({ default: value }: Column): string {
  return value === undefined ? 'none' : code(value.replace(/^'(.*)'::.*$/, '$1'));
}
