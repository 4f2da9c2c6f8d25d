import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { createDocuments } from './harness/documents.ts';
import { assertRefused } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { createWatch } from './harness/watch.ts';

const SECRET = 'the-secret-of-the-webhook';

interface Posted {
  text: string;
  state: string;
  kind: string;
  severity: string;
  target: string;
  message: string;
  closed_because: string | null;
}

let stage: Stage;
let server: Server;
let url: string;
let posted: Posted[] = [];
let answers: number[] = [];

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 50);
  await stage.bring(await stage.createUsual(), 'index');
  await sql("UPDATE reembed.setting SET alert_after = '0'");
  server = createServer(async (request, response) => {
    const status = answers.shift() ?? 200;
    if (status === 200) posted.push(JSON.parse(await bodyOf(request)) as Posted);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/${SECRET}`;
});
test.beforeEach(() => {
  posted = [];
  answers = [];
});
test.after.always(async () => {
  server.close();
  await stage.close();
});

const sql = (text: string) => stage.db.pool.query(text);
const fail = () =>
  sql(
    `INSERT INTO reembed.failed_row (target, key, model, class, message) SELECT name, '{"id": 1}', 'new-model', 'refused', 'no' FROM reembed.target`,
  );
const mend = () => sql('DELETE FROM reembed.failed_row');

/** A port where nobody listens. */
async function freePort(): Promise<number> {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  return port;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

test.serial('the webhook gets each alert once when it is opened and once when it is closed', async (t) => {
  const watch = createWatch(stage, { REEMBED_ALERT_WEBHOOK: url });
  await fail();
  await watch.look(2);
  await mend();
  await watch.look(2);
  t.deepEqual(
    posted.map(({ state, kind, severity, target }) => ({ state, kind, severity, target })),
    ['opened', 'closed'].map((state) => ({ state, kind: 'failed_rows', severity: 'warning', target: 'public.documents.embedding' })),
  );
  t.regex(posted[0]?.text ?? '', /^\[warning\] public.documents.embedding failed_rows: 1 row could not be embedded/);
  t.is(posted[1]?.text, '[closed] public.documents.embedding failed_rows: the cause is gone');
});

test.serial('a webhook in trouble is asked again, at once and by the next look, and its address is said nowhere', async (t) => {
  const watch = createWatch(stage, { REEMBED_ALERT_WEBHOOK: url });
  await fail();
  answers = [500, 429];
  t.notRegex((await watch.look()).join('\n'), /webhook/);
  t.is(posted.length, 1);

  await mend();
  answers = [404];
  const said = (await watch.look()).join('\n');
  t.regex(said, /alert webhook: HTTP 404/);
  t.is(posted.length, 1);
  await watch.look();
  t.is(posted.length, 2);

  const gone = createWatch(stage, { REEMBED_ALERT_WEBHOOK: `http://127.0.0.1:${await freePort()}/${SECRET}` });
  await fail();
  const lost = (await gone.look()).join('\n');
  t.regex(lost, /alert webhook: ECONNREFUSED/);
  t.notRegex(said + lost, new RegExp(SECRET));
  t.deepEqual(await watch.kinds(), ['failed_rows'], 'the alert itself is open');
  await mend();
  await watch.look();
  t.deepEqual(
    posted.slice(2).map(({ state }) => state),
    ['opened', 'closed'],
  );
});

test.serial('without a webhook nothing is posted, also not later what is long past', async (t) => {
  await fail();
  await createWatch(stage).look();
  await mend();
  await createWatch(stage).look();
  await sql("UPDATE reembed.alert SET opened_at = opened_at - interval '2 hours', closed_at = closed_at - interval '2 hours'");
  await createWatch(stage, { REEMBED_ALERT_WEBHOOK: url }).look();
  t.deepEqual(posted, []);
});

test('an address that is none is refused without being repeated', async (t) => {
  const refused = async (url: string, says: RegExp) => {
    const result = await stage.workplace.run(['alerts'], { REEMBED_ALERT_WEBHOOK: url });
    assertRefused(t, result, { code: 'usage', exit: 'usage', says }, [SECRET]);
  };
  await refused(`ftp://example.com/${SECRET}`, /REEMBED_ALERT_WEBHOOK is not an http or https address/);
  await refused(`https://me:${SECRET}@example.com/hook`, /REEMBED_ALERT_WEBHOOK has user and password in it/);
});
