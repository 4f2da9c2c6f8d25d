import type { CommandResult } from './command.ts';
import { createArguments, type RoleStage } from './roles.ts';

/** Steps of a whole campaign, in order, with the exit code of each. */
const STEPS = [
  ['create', 0],
  ['expand and backfill', 3],
  ['watch searches', 0],
  ['drain as worker', 0],
  ['index', 3],
  ['validate', 5],
  ['switch', 3],
  ['watch', 0],
  ['end the soak', 0],
  ['drain again', 0],
  ['contract', 0],
  ['drain as installer', 0],
  ['status', 0],
  ['roll contract back', 0],
  ['take everything down', 0],
] as const;

export type StepName = (typeof STEPS)[number][0];

/** Options of runCampaign(). */
export interface CampaignOptions {
  /** additional options of `create`; by default the text is column content */
  create?: string[];
  /** functions to run before a step */
  before?: Partial<Record<StepName, () => Promise<unknown>>>;
}

/** `migrate up` that accepts what the table's own triggers, constraints and rows ask for, and a verdict on too few queries. */
export const ACCEPTING_UP = [
  'migrate',
  'up',
  '--accept',
  'triggers-fire,violated-constraints,rows-without-text,unsure',
  '--reason',
  'a test',
];

/**
 * Runs a whole campaign on app.documents, as the installer and with one worker under its own role. A step that fails
 * does not prevent the later ones.
 *
 * @returns one line per step with an unexpected result
 */
export async function runCampaign(stage: RoleStage, { create, before = {} }: CampaignOptions = {}): Promise<string[]> {
  const { installer, worker } = stage;
  const commands: Record<StepName, () => Promise<CommandResult>> = {
    create: async () => {
      const created = await installer.run(createArguments(create));
      // Some attacks embed a text of their own, which the stored vectors are not of.
      if (!/\[old_model_disagrees\]/.test(created.stderr)) return created;
      return installer.run([...createArguments(create), '--accept', 'old-model-disagrees', '--reason', 'a test']);
    },
    'expand and backfill': () => installer.run(ACCEPTING_UP),
    'watch searches': () => installer.run(['setting', 'max_read_slowdown=1000', 'known_items=10']),
    'drain as worker': () => worker.run(['worker', '--drain']),
    index: () => installer.run(['migrate', 'up']),
    validate: () => installer.run(['validate']),
    switch: () => installer.run(ACCEPTING_UP),
    watch: () => installer.run(['alerts', '--check']),
    'end the soak': () => installer.run(['setting', 'soak=0']),
    'drain again': () => worker.run(['worker', '--drain']),
    contract: () => installer.run(ACCEPTING_UP),
    'drain as installer': () => installer.run(['worker', '--drain']),
    status: () => installer.run(['status']),
    'roll contract back': () => installer.run(['migrate', 'down']),
    'take everything down': () => installer.run(['migrate', 'down', '--all', '--discard-vectors']),
  };
  const wrong: string[] = [];
  for (const [name, expected] of STEPS) {
    if (name === 'watch searches') await stage.grantWorker().catch((error) => wrong.push(`the worker has no grants: ${error.message}`));
    await before[name]?.();
    const { code, stderr } = await commands[name]();
    // Queries that were made of enough rows may suffice.
    if (code !== expected && !(name === 'validate' && code === 0))
      wrong.push(`${name} ended with ${code}, not ${expected}: ${stderr.trim()}`);
  }
  return wrong;
}
