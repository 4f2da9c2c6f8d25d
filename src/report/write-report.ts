import { accessSync, closeSync, constants, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { FIRST_LINES } from './page/standalone.ts';
import { NotAReport, ReportUnwritable } from './report-error.ts';

/** Default name of the report file. Contains no character with a special meaning to a shell or a file system. */
export function reportFileName(campaign: string): string {
  return `reembed-report-${campaign.replace(/[^\p{L}\p{N}_-]+/gu, '-')}.html`;
}

/**
 * Writes a page to a path atomically. Replaces an existing report.
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

/**
 * Checks, before work whose result is to be written, that a file can be written there.
 *
 * @throws NotAReport, ReportUnwritable
 */
export function refuseUnwritable(path: string): void {
  refuseOtherFile(path);
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
  } catch (error) {
    throw new ReportUnwritable(path, error);
  }
}

/** @throws NotAReport when a file exists that is not a report */
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
