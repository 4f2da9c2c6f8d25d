import test from 'ava';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { runInTerminal } from './harness/pseudo-terminal.ts';
import { createBareStage } from './harness/stage.ts';

test('at the question of compare, Ctrl-C ends it as everywhere, the end of the input is a no, and nothing is sent', async (t) => {
  const stage = await createBareStage();
  t.teardown(() => stage.close());
  await createDocuments(stage.db.pool, 60);
  const compare = [
    'compare',
    '--table',
    'documents',
    '--text',
    'content',
    '--from',
    OLD_MODEL,
    '--models',
    `${NEW_MODEL}:${NEW_DIMENSIONS}`,
  ];
  for (const [press, code, says] of [
    ['\x03', 130, undefined],
    ['\x04', 1, /\[not_confirmed\]/],
    ['n\r', 1, /\[not_confirmed\]/],
  ] as const) {
    const asked = await runInTerminal(stage.workplace, compare, { columns: 100, keys: [{ after: /send these texts\? \[y\/N\]/, press }] });
    const shown = asked.lines.join('\n');
    t.is(asked.code, code, shown);
    if (says) t.regex(shown, says);
    t.notRegex(shown, /bug in pg-reembed|unsettled/);
  }
  t.false(stage.provider.requests.some(({ model, input }) => model === NEW_MODEL && input.length > 1));
});
