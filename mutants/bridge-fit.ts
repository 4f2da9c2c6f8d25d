import type { Mutant } from './mutant.ts';

/** Maps of a bridge that are worth nothing, or are measured wrongly. */
export const BRIDGE_FIT: Mutant[] = [
  {
    fault: 'a map of noise',
    fix: 'a map that finds no more rows than chance does is refused',
    test: 'bridge-fit',
    title: 'a map that finds no more than chance is refused with its figures, and the one before stays',
    says: /Difference/,
    edits: [
      {
        file: 'src/bridge/fit-bridge.ts',
        find: 'if (figures.retention_low <= TIMES_CHANCE * fitted.chance) throw new MapIsNoise(fitted);',
        replace: '',
      },
    ],
  },
  {
    fault: 'a map from a strong old model to a weak new one',
    fix: 'it is refused where judged queries show it',
    test: 'bridge-fit',
    title: 'a weak new model is refused where judged queries show it, unless the old model cannot be asked',
    says: /Difference/,
    edits: [
      {
        file: 'src/bridge/fit-bridge.ts',
        find: 'if (figures.difference && figures.difference.high < -margin) throw new BridgeWorseThanOld(figures, margin);',
        replace: 'void margin;',
      },
    ],
  },
  {
    fault: 'a map fitted to pairs of two texts',
    fix: 'rows that wait for a vector are left out',
    test: 'bridge-fit',
    title: 'rows that changed since they were embedded are left out, and so are those without an old vector',
    says: /140/,
    edits: [
      {
        file: 'src/bridge/draw-pairs.ts',
        find: 'AND NOT (',
        replace: 'AND (true OR ',
      },
    ],
  },
  {
    fault: 'two fits at once, which pay for two samples',
    fix: 'the second is refused',
    test: 'bridge-fit',
    title: 'a second fit at once is refused before it pays for a sample, and the first holds up no VACUUM',
    says: /Difference/,
    edits: [
      {
        file: 'src/bridge/only-fit.ts',
        find: 'if (!taken.rows[0]?.locked) throw',
        replace: 'if (!taken) throw',
      },
    ],
  },
  {
    fault: 'a map that outlives the old space',
    fix: 'contract removes it',
    test: 'bridge-fit',
    title: 'a fit embeds a sample that the backfill does not embed again, and its map lasts as long as the old space: column',
    says: /Difference/,
    edits: [{ file: 'sql/contract/enter_contract.sql', find: 'DELETE FROM reembed.bridge WHERE campaign = p_name;', replace: '' }],
  },
  {
    fault: 'a Newton-Schulz iteration that starts outside its interval',
    fix: 'the matrix is divided by a bound of its largest singular value',
    test: 'bridge-maths',
    title: 'the polar factor of a stretched rotation is the rotation, also with singular values a thousand times apart: 16 x 24',
    says: /Value is not `true`/,
    edits: [{ file: 'src/bridge/polar-factor.ts', find: 'return Math.sqrt(length) * 1.05;', replace: 'return Math.sqrt(length) * 0.4;' }],
  },
  {
    fault: 'a map that gives all rows the same score, and so finds every row',
    fix: 'a row with the same score counts before the own one, unless it is a copy',
    test: 'bridge-maths',
    title: 'where all vectors of a model are the same, no row is found: old model, and no zero vector',
    says: /Difference/,
    edits: [
      {
        file: 'src/bridge/known-items.ts',
        find: 'const least = own - Math.abs(own) * ROUNDING;',
        replace: 'const least = own + Math.abs(own) * ROUNDING;',
      },
    ],
  },
  {
    fault: 'a fit that ends because one of its maps cannot be computed',
    fix: 'the others are tried',
    test: 'bridge-maths',
    title: 'where all vectors of a model are the same, no row is found: old model',
    says: /not positive definite/,
    edits: [{ file: 'src/bridge/fit-map.ts', find: 'if (error instanceof NotPositiveDefinite) return undefined;', replace: '' }],
  },
];
