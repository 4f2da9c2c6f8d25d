import { readConfig } from '../../src/config.ts';
import type { Finding } from '../../src/doctor/check.ts';
import { examineProviders } from '../../src/doctor/environment.ts';
import { examineDatabase } from '../../src/doctor/examine.ts';
import type { Stage } from './stage.ts';

/** Findings of `doctor`. */
export interface Diagnosis {
  findings: Finding[];
  /** findings of one check */
  of(name: string): Finding[];
  /** names of the checks with an error */
  errors: string[];
}

/** Runs the checks of `doctor` on a stage, in this process. */
export async function diagnose(stage: Pick<Stage, 'database'>, env: Record<string, string> = {}): Promise<Diagnosis> {
  const config = readConfig({ REEMBED_MIGRATIONS: stage.database.directory, OPENAI_API_KEY: 'test', ...env });
  const findings = [...(await examineDatabase(stage.database, config)), ...examineProviders(config)];
  return {
    findings,
    of: (name) => findings.filter((finding) => finding.name === name),
    errors: findings.filter(({ level }) => level === 'error').map(({ name }) => name),
  };
}
