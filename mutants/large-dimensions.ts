import type { Mutant } from './mutant.ts';

const NEAREST = {
  test: 'large-dimensions',
  title: '1,536 to 4096 dimensions, --index binary, column: one function searches with either model, forward, back and forward',
  says: /the function returns the ten nearest, nearest first/,
};

/** Vectors that no index holds whole. */
export const LARGE_DIMENSIONS: Mutant[] = [
  {
    fault: 'too few candidates of an index on bits',
    fix: 'the index is asked for as many rows as candidates says, not for as many as are wanted',
    ...NEAREST,
    edits: [{ file: 'sql/target/nearest_candidates.sql', find: 'LIMIT greatest($2, $3)) AS n', replace: 'LIMIT $2) AS n' }],
  },
  {
    fault: 'candidates of an index on bits in the order of the bits',
    fix: 'they are ranked again by the distance of the vectors',
    ...NEAREST,
    edits: [
      {
        file: 'sql/target/nearest_candidates.sql',
        find: `     ORDER BY n.vector {distance} $1::{type}
     LIMIT $2;`,
        replace: '     LIMIT $2;',
      },
    ],
  },
  {
    fault: 'an old vector that halfvec cannot hold',
    fix: 'the sample that shows the loss of halfvec leaves it out and counts it',
    test: 'search-loss',
    title: 'create leaves old vectors that halfvec cannot hold out of its sample, and names them',
    says: /SQLSTATE 22003/,
    edits: [{ file: 'src/plan/search-loss.ts', find: 'FROM drawn AS s WHERE s.fits', replace: 'FROM drawn AS s' }],
  },
];
