import type { ExecutionContext } from 'ava';
import { createRoleStage, type Role, type RoleStage, type RoleStageOptions } from './roles.ts';
import { plantTripwire, type Tripwire } from './tripwire.ts';

/** Both storages, for attacks that are tried with each. */
export const STORAGES = ['column', 'side-table'] as const;

/** A stage whose installer is a superuser, which is what an attacker would become; it is closed after the test. */
export async function openStage(t: ExecutionContext, options: RoleStageOptions = {}): Promise<RoleStage> {
  const stage = await createRoleStage({ superuserInstaller: true, ...options });
  t.teardown(stage.close);
  return stage;
}

/** The attacker is the owner, and the rights to gain are the installer's and the worker's. */
export function plant(stage: RoleStage): Promise<Tripwire> {
  return plantTripwire(stage, stage.owner, 'app', [stage.installer, stage.worker]);
}

/** Roles as which the owner's code may run: the owner, and the application where it writes. */
export const rightful = ({ owner, application }: RoleStage) => [owner, application];

/** Runs commands that may or may not be possible on what the attacker left of the table. */
export async function attempt(role: Role, commands: string[][]): Promise<void> {
  for (const args of commands) await role.run(args);
}
