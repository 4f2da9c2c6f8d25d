import { ReembedError, UsageError } from '../errors.ts';

/** Thrown when there is no campaign to report on. */
export class NoCampaign extends ReembedError {
  constructor(wanted: { target?: string | undefined; campaign?: string | undefined }) {
    const which = wanted.campaign === undefined ? (wanted.target ?? 'this database') : undefined;
    super(
      'no_campaign',
      which === undefined ? `there is no campaign ${wanted.campaign}` : `no campaign is recorded on ${which}`,
      'npm run status lists the campaigns; a campaign that was reverted completely has no report',
    );
  }
}

/** Thrown when the path holds a file that is not a report and therefore must not be replaced. */
export class NotAReport extends UsageError {
  constructor(path: string) {
    super(`${path} exists and is not a report of pg-reembed`, 'name another file with --out');
  }
}

/** Thrown when the file cannot be written. */
export class ReportUnwritable extends ReembedError {
  constructor(path: string, cause: unknown) {
    super(
      'report_unwritable',
      `${path} cannot be written (${(cause as { code?: string }).code ?? String(cause)})`,
      'name another file with --out',
      {
        cause,
      },
    );
  }
}
