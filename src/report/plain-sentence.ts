import { formatNumber, plural } from '../wording.ts';

/** Who judged the searches that a sentence is about; see reembed.validation_query.grade. */
export type Grade = 'people' | 'model' | 'rows';

/** Judged searches, counted by what the change of the model does to them. */
export interface JudgedSearches {
  grade: Grade;
  /** number of judged searches */
  queries: number;
  /** searches with a relevant row among the first k of the old model and none of the new one */
  lost: number;
  /** the other way round */
  gained: number;
  /** searches with a higher, and with a lower nDCG@k */
  better: number;
  worse: number;
}

/** What the sentence is about. */
export interface Outcome {
  /** null when nobody judged a search, and no search was made of a row */
  searches: JudgedSearches | null;
  /** mean share of the first k results that both models return, 0 to 1; null before the first validation */
  overlap: number | null;
  /** number of results of a search */
  k: number;
}

/** Says in plain words what the change of the model does to searches, for a reader who knows no metric. */
export function plainSentence({ searches, overlap, k }: Outcome): string {
  if (overlap === null) return 'Nobody has compared the two models yet: what changes for searches is unknown.';
  if (searches === null || searches.queries === 0) {
    return `Nobody has judged any search: whether the new model is better is unknown. ${changeSentence(overlap, k)}`;
  }
  if (searches.grade === 'rows') {
    const [whose, goal] = searches.queries === 1 ? ['a row', 'its row'] : ['rows', 'their row'];
    return `Nobody has judged any search. ${countSentence(searches, `searches made of the words of ${whose}`, goal)} Whether real searches improve is unknown.`;
  }
  return countSentence(searches, searches.grade === 'model' ? 'searches graded by a chat model' : 'searches', 'the right document');
}

function countSentence({ queries, lost, gained, better, worse }: JudgedSearches, whose: string, goal: string): string {
  const subject = `Of ${formatNumber(queries)} ${queries === 1 ? whose.replace('searches', 'search') : whose},`;
  const does = (count: number) => plural(count, 'does', 'do');
  const losses = `${lost} that used to find ${goal} no longer ${does(lost)}`;
  if (lost > 0 && gained > 0) return `${subject} ${losses}; ${gained} that did not now ${does(gained)}.`;
  if (lost > 0) return `${subject} ${losses}, and none finds it that did not before.`;
  if (gained > 0) return `${subject} every one that used to find ${goal} still does; ${gained} that did not now ${does(gained)}.`;
  const ranks =
    better === 0 && worse === 0 ? 'Its rank stays the same in all of them.' : `It ranks higher in ${better} and lower in ${worse}.`;
  return `${subject} none lost ${goal} and none gained it. ${ranks}`;
}

function changeSentence(overlap: number, k: number): string {
  if (overlap >= 1) return 'No result changes.';
  if (k === 1) return `The first result of ${Math.round(100 * (1 - overlap))} of 100 searches changes.`;
  const changed = Math.round(k * (1 - overlap));
  if (changed === 0) return `Fewer than 1 of ${k} results changes.`;
  if (changed === k) return overlap > 0 ? `Nearly all of ${k} results change.` : `All ${k} results change.`;
  return `${changed} of ${k} results ${plural(changed, 'changes', 'change')}.`;
}
