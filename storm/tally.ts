/** Counts by kind. */
export class Tally {
  readonly counts = new Map<string, number>();

  add(kind: string, by = 1): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + by);
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.counts].sort(([a], [b]) => a.localeCompare(b)));
  }
}

/** Violations with counts and a few examples. */
export class Offences {
  readonly examples: string[] = [];
  count = 0;

  add(example: string): void {
    this.count += 1;
    if (this.examples.length < 10) this.examples.push(`${new Date().toISOString().slice(11, 23)} ${example}`);
  }

  toJSON(): { count: number; examples: string[] } {
    return { count: this.count, examples: this.examples };
  }
}
