import { randomBytes } from 'node:crypto';
import type { Stage } from '../harness/stage.ts';
import type { Deployment } from './program.ts';
import type { Recipe } from './recipes.ts';
import { type Model, NEW, OLD, type Texts } from './texts.ts';

/** Deployments of the same program, one for each model: they differ in their model and in the schema that their role reads first. */
export interface ModelDeployments {
  /** each finds the right rows with its own model, whichever model is live */
  search(texts: Texts): Promise<void>;
  /** each writes vectors of its own model */
  write(texts: Texts, refused: Recipe['refusedWrite']): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a deployment for each model, each with a role whose stored search_path begins with the schema of the model.
 *
 * @param statement what the page gives for the new model, with a role app_new and a database app
 */
export async function openDeployments(
  { db }: Stage,
  deploy: (model: Model, env: Record<string, string>) => Deployment,
  statement: string | undefined,
): Promise<ModelDeployments> {
  const deployed: { model: Model; role: string; deployment: Deployment }[] = [];
  const database = new URL(db.url).pathname.slice(1);
  for (const model of [OLD, NEW]) {
    const { rows } = await db.pool.query<{ schema: string }>("SELECT reembed.model_schema_name('public', $1) AS schema", [model.name]);
    const schema = rows[0]?.schema ?? '';
    const role = `recipe_${randomBytes(4).toString('hex')}`;
    await db.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'only-for-this-test'`);
    await db.pool.query(`GRANT ALL ON SCHEMA public TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
    await db.pool.query(`GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
    const setsPath = (model === NEW && statement) || `ALTER ROLE app_new IN DATABASE app SET search_path = ${schema}, public`;
    await db.pool.query(setsPath.replace('app_new', role).replace('DATABASE app', `DATABASE ${database}`));
    await db.pool.query('SELECT reembed.replace_views(t.name) FROM reembed.target AS t');
    const url = Object.assign(new URL(db.url), { username: role, password: 'only-for-this-test' }).href;
    // Some libraries name the schema in each statement, and have a parameter for it.
    deployed.push({ model, role, deployment: deploy(model, { DATABASE_URL: url, SCHEMA: schema }) });
  }
  return {
    async search(texts) {
      for (const { deployment, model } of deployed) await texts.search(deployment, 'app', model);
    },
    async write(texts, refused) {
      for (const { deployment, model } of deployed) {
        if (!refused || model === OLD) {
          await texts.write(deployment);
          continue;
        }
        const message = await texts.write(deployment).then(
          () => 'nothing',
          ({ message }: Error) => message,
        );
        if (!refused.says.test(message))
          throw new Error(`the write through ${model.name} was to be refused by ${refused.says}, and said ${message}`);
      }
    },
    async close() {
      for (const { deployment, role } of deployed) {
        deployment.stop();
        // The process may still hold a connection for a moment.
        await db.pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role]);
        await db.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      }
      deployed.length = 0;
    },
  };
}
