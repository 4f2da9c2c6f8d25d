import { EXIT, ReembedError } from '../../errors.ts';

/** Thrown when no query is judged: without judgements nobody can say which model answers better. */
export class BridgeNeedsJudgements extends ReembedError {
  override readonly exitCode = EXIT.usage;

  constructor() {
    super(
      'bridge_needs_judgements',
      'a bridge is measured by judged queries, and none of these is judged',
      'add --judgements FILE, or use queries made of rows: --queries-from generated',
    );
  }
}

/** Thrown when the bridge answers worse than the old model by more than the margin, after the run was stored. */
export class BridgeWorse extends ReembedError {
  override readonly exitCode = EXIT.validationFailed;

  constructor(reason: string, remedy: string) {
    super('bridge_worse', `the bridge must not serve: ${reason}`, remedy);
  }
}

/** Thrown when nothing shows that the bridge is as good as the old model, after the run was stored. */
export class BridgeUnsure extends ReembedError {
  override readonly exitCode = EXIT.unsure;

  constructor(code: string, reason: string, remedy: string) {
    super(code, `the bridge does not serve yet: ${reason}`, remedy);
  }
}
