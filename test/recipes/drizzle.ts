import type { Deployment } from './program.ts';

const UNCHANGED = 'No changes detected';

/** `drizzle-kit push` changes nothing with the schema of the page for the campaign, and would with that of today. */
export async function pushDuring(deployment: Deployment): Promise<void> {
  await expectUnchanged(deployment, './schema_during.ts');
  // It asks before it drops a column, and there is no terminal here to ask in.
  const said = await deployment.call<string>('app', 'push', './schema.ts').catch(({ message }: Error) => message);
  if (!said.includes('to delete embedding_v2 column'))
    throw new Error(`drizzle-kit was to ask before it drops the new vectors, and said ${said}`);
  await expectUnchanged(deployment, './schema_during.ts');
}

/** Nor does it after contract, with the schema of the page for that time. */
export async function pushAfter(deployment: Deployment): Promise<void> {
  await expectUnchanged(deployment, './schema_after.ts');
}

async function expectUnchanged(deployment: Deployment, schema: string): Promise<void> {
  const said = await deployment.call<string>('app', 'push', schema);
  if (!said.includes(UNCHANGED)) throw new Error(`drizzle-kit push with ${schema} was to change nothing, and said ${said}`);
}
