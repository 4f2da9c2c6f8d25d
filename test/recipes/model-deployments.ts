import { randomBytes } from 'node:crypto';
import type { Stage } from '../harness/stage.ts';
import { undoneAtSignal } from '../harness/undo-at-signal.ts';
import type { Deployment } from './program.ts';
import type { Recipe, Refusal } from './recipes.ts';
import { type Model, NEW, OLD, type Texts } from './texts.ts';

/** Deployments of the same program, one for each model: they differ in their model and in the schema that their role reads first. */
export interface ModelDeployments {
  /** each finds the right rows with its own model, whichever model is live */
  search(texts: Texts, refused: Refusal | undefined): Promise<void>;
  /** each writes vectors of its own model */
  write(texts: Texts, refused: Refusal | undefined): Promise<void>;
  /** ends them and drops their roles; may be called twice */
  close(): Promise<void>;
}

/**
 * Starts a deployment for each model, each with a role whose stored search_path begins with the schema of the model. The caller closes them.
 *
 * @param statement what the page gives for the new model, with a role app_new and a database app
 */
export async function openDeployments(
  { db }: Stage,
  { memberOf }: Recipe,
  deploy: (model: Model, env: Record<string, string>) => Deployment,
  statement: string | undefined,
): Promise<ModelDeployments> {
  const roles: string[] = [];
  const deployed: { model: Model; deployment: Deployment }[] = [];
  const database = new URL(db.url).pathname.slice(1);
  const close = undoneAtSignal(async () => {
    for (const { deployment } of deployed) deployment.stop();
    for (const role of roles.splice(0)) {
      // The process may still hold a connection for a moment.
      await db.pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role]);
      await db.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
  const open = async (model: Model) => {
    const { rows } = await db.pool.query<{ schema: string }>("SELECT reembed.model_schema_name('public', $1) AS schema", [model.name]);
    const schema = rows[0]?.schema ?? '';
    const role = `recipe_${randomBytes(4).toString('hex')}`;
    roles.push(role);
    await db.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'only-for-this-test'`);
    if (memberOf) await db.pool.query(`GRANT ${memberOf} TO ${role}`);
    await db.pool.query(`GRANT ALL ON SCHEMA public TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
    await db.pool.query(`GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
    const setsPath = (model === NEW && statement) || `ALTER ROLE app_new IN DATABASE app SET search_path = ${schema}, public`;
    await db.pool.query(setsPath.replace('app_new', role).replace('DATABASE app', `DATABASE ${database}`));
    await db.pool.query('SELECT reembed.replace_views(t.name) FROM reembed.target AS t');
    const url = Object.assign(new URL(db.url), { username: role, password: 'only-for-this-test' }).href;
    // Some libraries name the schema in each statement, and have a parameter for it.
    deployed.push({ model, deployment: deploy(model, { DATABASE_URL: url, SCHEMA: schema }) });
  };
  try {
    for (const model of [OLD, NEW]) await open(model);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async search(texts, refused) {
      for (const { deployment, model } of deployed) {
        const search = () => texts.search(deployment, 'app', model);
        await (refused ? expectRefusal(search, refused, `the search through ${model.name}`) : search());
      }
    },
    async write(texts, refused) {
      for (const { deployment, model } of deployed) {
        const write = () => texts.write(deployment);
        await (refused && (model === NEW || refused.byBoth) ? expectRefusal(write, refused, `the write through ${model.name}`) : write());
      }
    },
    close,
  };
}

async function expectRefusal(attempt: () => Promise<void>, { says }: Refusal, what: string): Promise<void> {
  const message = await attempt().then(
    () => 'nothing',
    ({ message }: Error) => message,
  );
  if (!says.test(message)) throw new Error(`${what} was to be refused by ${says}, and said ${message}`);
}
