import test from 'ava';
import { openConditions } from '../src/phases/advance.ts';
import { createDocuments, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, vectorText, wrongRows } from './harness/documents.ts';
import { langChainClient } from './harness/langchain.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { createWatch } from './harness/watch.ts';

// As large as the old model's vectors, so that PostgreSQL takes one for the other.
const EQUAL_MODEL = 'equal-model';
const TABLE = 'langchain_pg_embedding';

/** A campaign in phase switch whose soak time is over. */
interface Soaked {
  stage: Stage;
  campaign: string;
  /** codes of what keeps contract from running */
  closedBy(): Promise<string[]>;
  accept(): Promise<void>;
  /** what the workers and the watch do in a minute */
  minute(): Promise<void>;
  /** kinds of the open alerts */
  alerts(): Promise<string[]>;
  /** moves everything that was recorded into the past, further than the soak time */
  soak(): Promise<void>;
}

async function soaked(stage: Stage, campaign: string): Promise<Soaked> {
  const { pool } = stage.db;
  const watch = createWatch(stage);
  await stage.bring(campaign, 'switch');
  await pool.query(
    "UPDATE reembed.setting SET alert_after = '0', known_items = 0; UPDATE reembed.campaign SET switched_at = now() - interval '8 days'",
  );
  return {
    stage,
    campaign,
    async closedBy() {
      const conditions = await openConditions(pool, { name: '', path: '', sha256: '', campaign, phase: 'contract' });
      return conditions.map(({ code }) => code);
    },
    async accept() {
      await pool.query("SELECT reembed.accept($1, 'unknown-readers', 'a test')", [campaign]);
    },
    async minute() {
      await stage.work();
      await watch.check();
    },
    alerts: watch.kinds,
    async soak() {
      await pool.query(`UPDATE reembed.written_vector SET written_at = written_at - interval '8 days';
        UPDATE reembed.planned_index SET sampled_at = sampled_at - interval '8 days', scanned_at = scanned_at - interval '8 days';
        UPDATE reembed.column_statement SET called_at = called_at - interval '8 days'`);
    },
  };
}

/** A campaign on the table of a LangChain application, to a model of the same dimensions. */
async function langChain() {
  const stage = await createStage({ [EQUAL_MODEL]: OLD_DIMENSIONS });
  const application = langChainClient(stage.db.pool, OLD_DIMENSIONS, OLD_MODEL);
  await application.createTables(40);
  const campaign = await stage.draft({ table: TABLE, text: ['document'], to: EQUAL_MODEL, dimensions: OLD_DIMENSIONS });
  return { application, ...(await soaked(stage, campaign)) };
}

test('a LangChain application that was left as it is keeps contract closed, and after contract its vectors are replaced', async (t) => {
  const { stage, campaign, application, ...subject } = await langChain();
  try {
    await application.add(OLD_MODEL, { d7: 'the seventh document again', fresh: 'a fresh document' });
    await subject.minute();
    t.deepEqual(await subject.closedBy(), ['old_vectors_written', 'unknown-readers']);
    t.deepEqual(await subject.alerts(), ['written_vectors']);
    await subject.accept();
    t.deepEqual(await subject.closedBy(), ['old_vectors_written'], 'what is certain cannot be accepted');
    await subject.soak();
    t.deepEqual(await subject.closedBy(), []);

    await stage.bring(campaign, 'contract');
    await application.add(OLD_MODEL, { d8: 'the eighth document again', late: 'a late document' });
    await subject.minute();
    t.deepEqual(await subject.alerts(), ['written_vectors']);
    await stage.work();
    t.is((await application.search(EQUAL_MODEL, 'a late document'))[0], 'late');
    t.is((await application.search(EQUAL_MODEL, 'the eighth document again'))[0], 'd8');

    await stage.bring(campaign, 'switch');
    await subject.minute();
    t.deepEqual(await subject.alerts(), []);
    t.is(
      (await stage.db.pool.query('SELECT FROM reembed.written_vector')).rowCount,
      0,
      'what the rollback restores is not taken for a write of the application',
    );
    await stage.bring(campaign, 'contract');
    await application.add(EQUAL_MODEL, { d9: 'the ninth document again' });
    await subject.minute();
    t.is((await application.search(EQUAL_MODEL, 'the ninth document again'))[0], 'd9');
    const { rows } = await stage.db.pool.query('SELECT found FROM reembed.written_vector');
    t.deepEqual(rows, [{ found: 'new' }]);
  } finally {
    await stage.close();
  }
});

test('an application that embeds with the new model raises no alarm, whichever column it writes to', async (t) => {
  const { stage, application, ...subject } = await langChain();
  try {
    await application.add(EQUAL_MODEL, { d7: 'the seventh document again', fresh: 'a fresh document' });
    await subject.minute();
    t.deepEqual(await subject.closedBy(), ['unknown-readers'], 'the dimensions are equal, so a reader would go unnoticed');
    await subject.accept();
    t.deepEqual(await subject.closedBy(), []);
    t.deepEqual(await subject.alerts(), []);
  } finally {
    await stage.close();
  }
});

test('an acceptance of unknown readers holds only while nothing else is found', async (t) => {
  const { stage, application, ...subject } = await langChain();
  try {
    stage.provider.script = () => ({ status: 401 });
    await subject.accept();
    t.deepEqual(await subject.closedBy(), []);
    await stage.db.pool.query(`UPDATE ${TABLE} SET embedding = $1 WHERE id = 'd3'`, [
      vectorText(vectorOf(OLD_MODEL, 'another text', OLD_DIMENSIONS)),
    ]);
    await stage.work();
    t.deepEqual(await subject.closedBy(), ['unknown-readers'], 'a vector that cannot be compared');
    stage.provider.script = () => undefined;
    await subject.minute();
    t.deepEqual(await subject.closedBy(), ['old_vectors_written'], 'it is of neither model');
  } finally {
    await stage.close();
  }
});

test('with other dimensions a vector in the old column closes contract without being compared', async (t) => {
  const stage = await createStage();
  try {
    await createDocuments(stage.db.pool, 60);
    const subject = await soaked(stage, await stage.createUsual());
    t.deepEqual(await subject.closedBy(), []);
    const { pool } = stage.db;
    // As an application that migrated: it writes the text, or reads a row and writes it back.
    await pool.query(
      "UPDATE documents SET content = 'changed' WHERE id = 1; UPDATE documents SET content = content, embedding = embedding WHERE id = 2",
    );
    await pool.query("INSERT INTO documents (content) VALUES ('a text alone')");
    await subject.minute();
    t.deepEqual(await subject.closedBy(), []);
    t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);

    stage.provider.requests.length = 0;
    await pool.query('UPDATE documents SET embedding = $1 WHERE id = 3', [vectorText(vectorOf(OLD_MODEL, 'number', OLD_DIMENSIONS))]);
    await subject.minute();
    t.deepEqual(await subject.closedBy(), ['old_vectors_written']);
    t.deepEqual(stage.provider.requests, []);
    await subject.soak();
    t.deepEqual(await subject.closedBy(), []);

    // Before a switch the application is right to write them.
    await pool.query(`SELECT reembed.switch_to('documents', '${OLD_MODEL}')`);
    await pool.query('UPDATE documents SET embedding = $1 WHERE id = 4', [vectorText(vectorOf(OLD_MODEL, 'number 4', OLD_DIMENSIONS))]);
    await subject.minute();
    await stage.pass(subject.campaign);
    await pool.query(`SELECT reembed.switch_to('documents', '${NEW_MODEL}')`);
    t.is((await pool.query('SELECT FROM reembed.written_vector')).rowCount, 0);
  } finally {
    await stage.close();
  }
});

test('a table without a vector index that is scanned by nobody knows whom asks for an acceptance', async (t) => {
  const stage = await createStage();
  try {
    await createDocuments(stage.db.pool, 60, { index: false });
    const subject = await soaked(stage, await stage.draft({ table: 'documents' }));
    await stage.db.pool.query('UPDATE reembed.campaign SET table_scans = table_scans - 5');
    t.deepEqual(await subject.closedBy(), ['unknown-readers']);
    await subject.accept();
    t.deepEqual(await subject.closedBy(), []);
  } finally {
    await stage.close();
  }
});

test('only the newest few hundred written vectors are kept', async (t) => {
  const stage = await createStage();
  try {
    await createDocuments(stage.db.pool, 400);
    const subject = await soaked(stage, await stage.createUsual());
    await stage.db.pool.query(`UPDATE documents SET embedding = '${vectorText(vectorOf(OLD_MODEL, 'one', OLD_DIMENSIONS))}'`);
    await subject.minute();
    t.is((await stage.db.pool.query('SELECT FROM reembed.written_vector')).rowCount, 300);
  } finally {
    await stage.close();
  }
});
