import { AUDIT } from './audit.ts';
import { BAD_ANSWERS } from './bad-answers.ts';
import { BRIDGE_FIT } from './bridge-fit.ts';
import { BRIDGE_GATE } from './bridge-gate.ts';
import { BRIDGE_SERVING } from './bridge-serving.ts';
import { COMPARE } from './compare.ts';
import { DEPLOY } from './deploy.ts';
import { FOUND_BY_REVIEW } from './found-by-review.ts';
import { FOUND_BY_STORMS } from './found-by-storms.ts';
import { HARM } from './harm.ts';
import { INDEXES } from './indexes.ts';
import { INVENTORY } from './inventory.ts';
import { JUDGE } from './judge.ts';
import { LARGE_DIMENSIONS } from './large-dimensions.ts';
import { LARGE_TABLES } from './large-tables.ts';
import { LEFT_APPLICATION } from './left-application.ts';
import { METRICS } from './metrics.ts';
import type { Mutant } from './mutant.ts';
import { OTHER_DATABASES } from './other-databases.ts';
import { PARTITIONS } from './partitions.ts';
import { PARTS } from './parts.ts';
import { POISONOUS_TEXTS } from './poisonous-texts.ts';
import { PROVIDERS } from './providers.ts';
import { RAILS } from './rails.ts';
import { REFUSED_ROWS } from './refused-rows.ts';
import { REPORT } from './report.ts';
import { SEVERAL } from './several.ts';
import { SHAPES } from './shapes.ts';
import { SITE } from './site.ts';
import { SOONER } from './sooner.ts';
import { SPENDING } from './spending.ts';
import { TERMINAL } from './terminal.ts';
import { TEXT_FROM } from './text-from.ts';
import { UI } from './ui.ts';
import { VERDICT } from './verdict.ts';

/** Every mutant. */
export const MUTANTS: Mutant[] = [
  ...AUDIT,
  ...BAD_ANSWERS,
  ...BRIDGE_FIT,
  ...BRIDGE_GATE,
  ...BRIDGE_SERVING,
  ...COMPARE,
  ...DEPLOY,
  ...FOUND_BY_REVIEW,
  ...FOUND_BY_STORMS,
  ...HARM,
  ...INDEXES,
  ...INVENTORY,
  ...JUDGE,
  ...LARGE_DIMENSIONS,
  ...LARGE_TABLES,
  ...LEFT_APPLICATION,
  ...METRICS,
  ...OTHER_DATABASES,
  ...PARTITIONS,
  ...PARTS,
  ...POISONOUS_TEXTS,
  ...PROVIDERS,
  ...RAILS,
  ...SOONER,
  ...REFUSED_ROWS,
  ...REPORT,
  ...SEVERAL,
  ...SHAPES,
  ...SITE,
  ...SPENDING,
  ...TERMINAL,
  ...TEXT_FROM,
  ...UI,
  ...VERDICT,
];
