/** The expected state of a row, as far as its application knows. */
export interface RowState {
  content: string | null;
  title: string;
  /** key of the row of another table that holds its text, or a part of it */
  refersTo?: number | null;
}

/** undefined: the row does not exist */
export type Expected = RowState | undefined;

/**
 * The application's own record of every acknowledged write. Each row belongs to one writer, so its expected state is
 * unambiguous. A write whose answer was lost with its connection is looked up afterwards.
 */
export class Journal {
  readonly rows = new Map<number, RowState>();

  set(id: number, state: Expected): void {
    if (state) this.rows.set(id, state);
    else this.rows.delete(id);
  }

  get(id: number): Expected {
    return this.rows.get(id);
  }
}

export function isSame(a: Expected, b: Expected): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.content === b.content && a.title === b.title && (a.refersTo ?? null) === (b.refersTo ?? null);
}
