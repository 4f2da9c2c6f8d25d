import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A text that is in a file exactly once, and what to put in its place. */
export interface Edit {
  /** path from the root of the project */
  file: string;
  find: string;
  replace: string;
}

/** The project without the fix of one fault, and the test that must fail then. */
export interface Mutant {
  /** as docs/reliability.md or the storm calls it */
  fault: string;
  /** the fix that is taken out */
  fix: string;
  /** name of the test file, without `.test.ts` */
  test: string;
  /** title of the test in it */
  title: string;
  /** what the test has to say as it fails, so that it fails for this reason and no other */
  says: RegExp;
  edits: Edit[];
}

/** The searched text of an edit is not in its file exactly once: the fix has changed, and its mutant has to change with it. */
export class EditDoesNotApply extends Error {
  constructor({ fault }: Mutant, { file, find }: Edit, times: number) {
    super(`${fault}: ${JSON.stringify(find)} is ${times} times in ${file}`);
  }
}

/**
 * The files of a mutant as they are without its fix.
 *
 * @param root folder of the project
 * @throws EditDoesNotApply
 */
export function mutate(mutant: Mutant, root: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const edit of mutant.edits) {
    const { file, find, replace } = edit;
    const text = files.get(file) ?? readFileSync(join(root, file), 'utf8');
    const parts = text.split(find);
    if (parts.length !== 2) throw new EditDoesNotApply(mutant, edit, parts.length - 1);
    files.set(file, parts.join(replace));
  }
  return files;
}

/** Writes files, given by their paths from a root. */
export function writeAll(root: string, files: Map<string, string>): void {
  for (const [file, text] of files) writeFileSync(join(root, file), text);
}
