import { closeSync, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { FIRST_LINES } from './page/document.ts';
import { NotAReport, ReportUnwritable } from './report-error.ts';

/** Name of the file where none is given: no character of it means anything to a shell or a file system. */
export function reportFileName(campaign: string): string {
  return `reembed-report-${campaign.replace(/[^\p{L}\p{N}_-]+/gu, '-')}.html`;
}

/**
 * Puts a page at a path, whole or not at all. A report that is there already is replaced.
 *
 * @throws NotAReport when another file is there, ReportUnwritable
 */
export function writeReport(path: string, page: string): void {
  refuseOtherFile(path);
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(unfinished, page, { flag: 'wx' });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new ReportUnwritable(path, error);
  }
}

/** @throws NotAReport; a file that is not there is none */
export function refuseOtherFile(path: string): void {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return;
    throw new ReportUnwritable(path, error);
  }
  try {
    const begin = Buffer.alloc(FIRST_LINES.length);
    readSync(file, begin);
    if (begin.toString() !== FIRST_LINES) throw new NotAReport(path);
  } catch (error) {
    if ((error as { code?: string }).code === 'EISDIR') throw new NotAReport(path);
    throw error;
  } finally {
    closeSync(file);
  }
}
