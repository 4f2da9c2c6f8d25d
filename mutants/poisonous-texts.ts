import type { Mutant } from './mutant.ts';

const PARKED = ': two texts that always fail are parked by name, and everyone else is embedded';

/** One for each way in which a text that always fails held up the others, or an outage was taken for bad texts. */
export const POISONOUS_TEXTS: Mutant[] = [
  {
    fault: 'one text always answers 500',
    fix: 'a failure that repeats while another text is embedded is the fault of a text',
    test: 'poisonous-texts',
    title: `500, backfill${PARKED}`,
    says: /provider_unavailable|does not answer/,
    edits: [
      {
        file: 'src/embedding/suspect.ts',
        find: 'if (error instanceof ProviderUnavailable) return true;',
        replace: 'if (error instanceof ProviderUnavailable) return false;',
      },
    ],
  },
  {
    fault: '403 of a firewall for one text',
    fix: 'a 403 is for the operator only if another text gets it, too',
    test: 'poisonous-texts',
    title: `403 of a firewall, backfill${PARKED}`,
    says: /provider_login|refused the API key/,
    edits: [{ file: 'src/embedding/provider-error.ts', find: 'mayBeOfText: status === 403', replace: 'mayBeOfText: false' }],
  },
  {
    fault: '429 for a request larger than the limit of a minute',
    fix: 'it is sent as smaller requests',
    test: 'poisonous-texts',
    title: 'a request that is larger than the limit of a minute is sent as smaller ones',
    says: /429/,
    edits: [
      { file: 'src/embedding/provider-error.ts', find: 'if (status === 429 && isLargerThanLimit(words))', replace: 'if (status === 0)' },
    ],
  },
  {
    fault: 'an outage taken for bad texts',
    fix: 'no text is blamed while no other one is embedded either',
    test: 'poisonous-texts',
    title: '500 for every text is an outage: no row is parked, and the work is done when it is over',
    says: /Difference|Value must match/,
    edits: [
      {
        file: 'src/embedding/send-check.ts',
        find: 'if (error instanceof ProviderUnavailable) return error;',
        replace: 'if (error instanceof ProviderUnavailable) return undefined;',
      },
    ],
  },
  {
    fault: 'an outage emptied into failed_row',
    fix: 'parking stops after 20 rows, or 1 % of them, in ten minutes',
    test: 'poisonous-texts',
    title: 'when too many rows fail in ten minutes, parking stops and the campaign pauses with class and first keys',
    says: /Difference|Value is not/,
    edits: [
      { file: 'sql/backfill/parking_room.sql', find: 'greatest(20, sum(b.rows) / 100)', replace: 'greatest(20000, sum(b.rows) / 100)' },
    ],
  },
  {
    fault: 'a bad text sent again because its former vector was removed',
    fix: 'the removal of a vector by a worker is no change of the row',
    test: 'poisonous-texts',
    title: `500, changed rows${PARKED}`,
    says: /a bad text was sent \d+ times/,
    edits: [{ file: 'sql/target/store_column.sql', find: "  SELECT set_config('reembed.stores', 'on', true);\n", replace: '' }],
  },
];
