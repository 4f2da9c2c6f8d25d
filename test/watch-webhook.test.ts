import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { chatText } from '../src/watch/chat-text.ts';
import { postAlerts } from '../src/watch/webhook.ts';
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
let refuses: { word: string; status: number } | undefined;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 50);
  await stage.bring(await stage.createUsual(), 'index');
  await sql("UPDATE reembed.setting SET alert_after = '0'");
  server = createServer(async (request, response) => {
    const body = JSON.parse(await bodyOf(request)) as Posted;
    const status = answers.shift() ?? (refuses && body.text.includes(refuses.word) ? refuses.status : 200);
    if (status === 200) posted.push(body);
    response.writeHead(status, { location: `${url}/elsewhere` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/${SECRET}`;
});
test.beforeEach(() => {
  posted = [];
  answers = [];
  refuses = undefined;
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
const fix = () => sql('DELETE FROM reembed.failed_row');

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
  await watch.check(2);
  await fix();
  await watch.check(2);
  t.deepEqual(
    posted.map(({ state, kind, severity, target }) => ({ state, kind, severity, target })),
    ['opened', 'closed'].map((state) => ({ state, kind: 'failed_rows', severity: 'warning', target: 'public.documents.embedding' })),
  );
  t.regex(posted[0]?.text ?? '', /^\[warning\] public.documents.embedding failed_rows: 1 row could not be embedded/);
  t.is(posted[1]?.text, '[closed] public.documents.embedding failed_rows: the cause is gone');
});

test.serial('a failing webhook is retried, at once and by the next check, and its address is printed nowhere', async (t) => {
  const watch = createWatch(stage, { REEMBED_ALERT_WEBHOOK: url });
  await fail();
  answers = [500, 429];
  t.notRegex((await watch.check()).join('\n'), /webhook/);
  t.is(posted.length, 1);

  await fix();
  answers = [404];
  const said = (await watch.check()).join('\n');
  t.regex(said, /alert webhook: HTTP 404/);
  t.is(posted.length, 1);
  await watch.check();
  t.is(posted.length, 2);

  const gone = createWatch(stage, { REEMBED_ALERT_WEBHOOK: `http://127.0.0.1:${await freePort()}/${SECRET}` });
  await fail();
  const lost = (await gone.check()).join('\n');
  t.regex(lost, /alert webhook: ECONNREFUSED/);
  t.notRegex(said + lost, new RegExp(SECRET));
  t.deepEqual(await watch.kinds(), ['failed_rows'], 'the alert itself is open');
  await fix();
  await watch.check();
  t.deepEqual(
    posted.slice(2).map(({ state }) => state),
    ['opened', 'closed'],
  );
});

test.serial('without a webhook nothing is posted, and old alerts are not posted later', async (t) => {
  await fail();
  await createWatch(stage).check();
  await fix();
  await createWatch(stage).check();
  await sql("UPDATE reembed.alert SET opened_at = opened_at - interval '2 hours', closed_at = closed_at - interval '2 hours'");
  await createWatch(stage, { REEMBED_ALERT_WEBHOOK: url }).check();
  t.deepEqual(posted, []);
});

test('an invalid address is refused without being quoted', async (t) => {
  const refused = async (url: string, says: RegExp) => {
    const result = await stage.workplace.run(['alerts'], { REEMBED_ALERT_WEBHOOK: url });
    assertRefused(t, result, { code: 'usage', exit: 'usage', says }, [SECRET]);
  };
  await refused(`ftp://example.com/${SECRET}`, /REEMBED_ALERT_WEBHOOK is not an http or https address/);
  await refused(`https://me:${SECRET}@example.com/hook`, /REEMBED_ALERT_WEBHOOK contains a user or password/);
});

const openAlert = (kind: string, message: string, openedAt = 'clock_timestamp()') =>
  sql(
    `INSERT INTO reembed.alert (target, kind, severity, message, opened_at) SELECT name, '${kind}', 'warning', '${message}', ${openedAt} FROM reembed.target`,
  );
const closeAlerts = () =>
  sql(
    "UPDATE reembed.alert SET closed_at = clock_timestamp(), closed_because = 'test', opening_posted_at = now(), closing_posted_at = now() WHERE closed_at IS NULL",
  );

for (const [title, status] of [
  ['an alert that the receiver refuses keeps no other from being posted', 404],
  ['an alert that the receiver says is wrong keeps no other from being posted', 400],
  ['an alert that the receiver fails at keeps no other from being posted', 500],
  ['an alert that the receiver is away for keeps no other from being posted', 503],
] as const) {
  test.serial(title, async (t) => {
    await closeAlerts();
    for (let i = 0; i < 25; i++) await openAlert(`refused_${i}`, 'REFUSE me', "clock_timestamp() - interval '10 minutes'");
    await openAlert('later', 'take me');
    const notices: string[] = [];
    refuses = { word: 'REFUSE', status };
    const check = () => postAlerts(stage.db.pool, url, (line) => notices.push(line));
    // Two checks: more are refused than one check posts.
    await check();
    await check();
    t.deepEqual(
      posted.map(({ kind }) => kind),
      ['later'],
    );
    t.regex(notices[0] ?? '', new RegExp(`^alert webhook: HTTP ${status}, for alert refused_0 of public.documents.embedding$`));
    refuses = undefined;
    await check();
    await check();
    t.is(posted.length, 26, 'what was refused is posted once the receiver takes it');
    await closeAlerts();
  });
}

test.serial('an alert is posted however old it is while it is open, and its end as well', async (t) => {
  await closeAlerts();
  await openAlert('old', 'still so', "clock_timestamp() - interval '30 days'");
  const check = () => postAlerts(stage.db.pool, url, () => {});
  await check();
  t.deepEqual(
    posted.map(({ kind, state }) => `${kind} ${state}`),
    ['old opened'],
  );
  await sql("UPDATE reembed.alert SET closed_at = clock_timestamp() - interval '3 hours', closed_because = 'gone' WHERE kind = 'old'");
  await check();
  await check();
  t.deepEqual(
    posted.map(({ kind, state }) => `${kind} ${state}`),
    ['old opened', 'old closed'],
  );
});

test.serial('an unreachable webhook is called once per check', async (t) => {
  await closeAlerts();
  for (let i = 0; i < 3; i++) await openAlert(`lost_${i}`, 'no');
  const notices: string[] = [];
  await postAlerts(stage.db.pool, `http://127.0.0.1:${await freePort()}/${SECRET}`, (line) => notices.push(line));
  t.is(notices.length, 1);
  t.regex(notices[0] ?? '', /ECONNREFUSED/);
  await closeAlerts();
});

test.serial('a redirect is not followed', async (t) => {
  await closeAlerts();
  await openAlert('moved', 'no');
  const notices: string[] = [];
  answers = [307];
  await postAlerts(stage.db.pool, url, (line) => notices.push(line));
  t.regex(notices.join(), /HTTP 307/);
  await closeAlerts();
});

const MARKUP: { about: string; text: string; shown: string }[] = [
  { about: 'a mention of everybody in Slack', text: '<!channel> <@U123>', shown: '&lt;!channel&gt; &lt;@ U123&gt;' },
  { about: 'a link of Slack', text: '<http://evil.example|click>', shown: '&lt;http: //evil.example|click&gt;' },
  { about: 'an entity', text: '&lt;!here&gt;', shown: '&amp;lt;!here&amp;gt;' },
  { about: 'mentions elsewhere', text: '@channel @here @all', shown: '@ channel @ here @ all' },
  {
    about: 'a link of Markdown',
    text: '[click](https://evil.example) ![x](y) [a][b]',
    shown: '[click] (https: //evil.example) ![x] (y) [a] [b]',
  },
  {
    about: 'an escape of a terminal, a mark of direction and a second line',
    text: '\x1b[2J\u202e\n[critical] no',
    shown: '\\x1b[2J\\u202e\\n[critical] no',
  },
  {
    about: 'an ordinary line',
    text: '[warning] public.docs.v failed_rows: 1 row, 95 % (max: 2)',
    shown: '[warning] public.docs.v failed_rows: 1 row, 95 % (max: 2)',
  },
];

for (const { about, text, shown } of MARKUP) {
  test(`a chat shows markup of others as text: ${about}`, (t) => t.is(chatText(text), shown));
}

test.serial('what is posted for chats is escaped, and alerts are printed with escapes made visible', async (t) => {
  await closeAlerts();
  await openAlert('odd', '<!channel> \x1b[31m[read](http://evil.example)');
  await postAlerts(stage.db.pool, url, () => {});
  t.is(posted[0]?.text, '[warning] public.documents.embedding odd: &lt;!channel&gt; \\x1b[31m[read] (http: //evil.example)');
  const { stderr } = await stage.workplace.run(['alerts']);
  t.regex(stderr, /\\x1b\[31m/);
  t.false(stderr.includes('\x1b'));
  await closeAlerts();
});
