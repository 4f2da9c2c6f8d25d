import { PassThrough } from 'node:stream';
import test from 'ava';
import { createDisplay } from '../src/commands/progress-display.ts';
import { canOverwrite } from '../src/interactive.ts';

function terminal() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let written = '';
  stream.on('data', (chunk) => {
    written += chunk;
  });
  return { stream, written: () => written };
}

test('progress is written over on a terminal that can do so; CI and a dumb terminal get lines with the time', async (t) => {
  for (const [env, isBar] of [
    [{ TERM: 'xterm' }, true],
    [{ TERM: 'xterm', CI: 'false' }, true],
    [{ TERM: 'xterm', CI: 'true' }, false],
    [{ TERM: 'dumb' }, false],
  ] as const) {
    const { stream, written } = terminal();
    const display = createDisplay(stream, env);
    display.update([{ name: 'documents', done: 1, total: 9, text: '1 of 9' }]);
    display.stop();
    await new Promise(setImmediate);
    const shown = JSON.stringify(env);
    t.is(written().includes('█'), isBar, shown);
    t.is(written().includes('\x1b'), isBar, shown);
    t.is(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ documents: 1 of 9$/m.test(written()), !isBar, shown);
    t.is(canOverwrite(stream, env), isBar, shown);
  }
});
