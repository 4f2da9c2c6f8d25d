import type { ElementType } from '../database/element-types.ts';
import type { IndexChoice } from './choose-form.ts';
import type { ModelDefinition } from './plan.ts';
import type { Storage } from './storage.ts';

/** What the user asked for on the command line. */
export interface CampaignRequest {
  table: string;
  column: string;
  /** name of the part of the table that is migrated, and which rows belong to it */
  part?: string | undefined;
  where?: string | undefined;
  text: string[];
  textSql?: string | undefined;
  /** joins of other tables that the text is taken from */
  textFrom?: string[] | undefined;
  to: string;
  toName?: string | undefined;
  dimensions: number;
  from?: string | undefined;
  fromProviderModel?: string | undefined;
  /** nobody can call the old model any more */
  oldModelGone?: boolean | undefined;
  /** providers of the configuration file */
  provider?: string | undefined;
  fromProvider?: string | undefined;
  fromDocumentPrefix?: string | undefined;
  fromQueryPrefix?: string | undefined;
  distance?: ModelDefinition['distance'] | undefined;
  index?: IndexChoice | undefined;
  indexWith?: string | undefined;
  /** type of the new vectors */
  type?: ElementType | undefined;
  /** the first dimensions of the new model's vectors are usable alone */
  matryoshka?: boolean | undefined;
  /** indexes of the old vectors that get no successor on the new ones */
  dropIndex?: string[] | undefined;
  documentPrefix?: string | undefined;
  queryPrefix?: string | undefined;
  sendDimensions?: boolean | undefined;
  tokenLimit?: number | undefined;
  price?: number | undefined;
  /** spend cap */
  maxTokens?: number | undefined;
  maxUsd?: number | undefined;
  /** column (the default), side-table, or auto: a side table only where that avoids a harm */
  storage?: Storage | 'auto' | undefined;
  /** the application writes no vector itself */
  onlyRead?: boolean | undefined;
  /** codes of findings that are accepted, and why */
  accept?: string[] | undefined;
  reason?: string | undefined;
  batchRows?: number | undefined;
  /** popular:COLUMN: the rows with the largest values of this column are embedded first */
  order?: string | undefined;
  /** search_path of the application */
  applicationPath?: string | undefined;
}
