import test from 'ava';
import { asTyped } from '../src/as-typed.ts';
import { createWorkplace } from './harness/command.ts';

test.serial('commands are named as npm runs them under npm, and as they are installed elsewhere', (t) => {
  const cyan = '\x1b[36m';
  const message = 'wait, then npm run worker -- --drain or npm run migrate up; npm run build is yours';
  const before = process.env.npm_lifecycle_event;
  t.teardown(() => {
    if (before !== undefined) process.env.npm_lifecycle_event = before;
  });
  process.env.npm_lifecycle_event = 'worker';
  t.is(asTyped(message), message);
  const installed = 'wait, then npx reembed worker --drain or npx reembed migrate up; npm run build is yours';
  process.env.npm_lifecycle_event = 'npx';
  t.is(asTyped(message), installed);
  delete process.env.npm_lifecycle_event;
  t.is(asTyped(message), installed);
  t.is(asTyped(`${cyan}npm run migrate up`), `${cyan}npx reembed migrate up`, 'in colour');
  t.is(
    asTyped('npm run migrate up -- --accept unsure, npm run migrate down 3 -- --discard-vectors or npm run bridge fit -- --rows 500'),
    'npx reembed migrate up --accept unsure, npx reembed migrate down 3 --discard-vectors or npx reembed bridge fit --rows 500',
  );
});

test('a refusal and a help page outside npm name the installed command', async (t) => {
  const workplace = createWorkplace({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', npm_lifecycle_event: '' });
  t.teardown(() => workplace.remove());
  const { stdout } = await workplace.run(['alerts', '--help']);
  t.regex(stdout, /npx reembed worker/);
  t.notRegex(stdout, /npm run/);
  const { stderr } = await workplace.run(['db', 'no-such']);
  t.notRegex(stderr, /npm run/);
});
