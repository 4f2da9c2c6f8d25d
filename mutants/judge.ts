import type { Mutant } from './mutant.ts';

/** A chat model that judges, and queries that are labelled for what they are. */
export const JUDGE: Mutant[] = [
  {
    fault: 'a chat model answers with several numbers',
    fix: 'only an answer with a single grade is one',
    test: 'judge-answers',
    title: 'an answer without a grade, with a number out of range or with several numbers is no grade',
    says: /2\/3|1 or 2|2 out of 3/,
    edits: [
      {
        file: 'src/judge/grade-answer.ts',
        find: 'only !== undefined && others.length === 0 &&',
        replace: 'only !== undefined && others.length >= 0 &&',
      },
    ],
  },
  {
    fault: 'a passage that ends its part of the prompt',
    fix: 'the lines around a text carry its digest',
    test: 'judge-answers',
    title: 'a passage cannot end the part of the prompt that it is in',
    says: /is not `|Difference/,
    edits: [{ file: 'src/judge/prompts.ts', find: 'digestOf(text).slice(0, 12)', replace: "'0123456789ab'" }],
  },
  {
    fault: 'a grade is paid for twice',
    fix: 'pairs with a stored grade are not asked about',
    test: 'judge',
    title: 'the results of both models are graded together, each pair once, and no grade is asked for again',
    says: /Difference/,
    edits: [{ file: 'src/judge/grade-queries.ts', find: '!known.has(pairId(pair)) && !planned', replace: '!planned' }],
  },
  {
    fault: 'the chat model spends more than the campaign may',
    fix: 'a request is counted against the spend cap before it is sent',
    test: 'judge',
    title: 'requests to the chat model count against the spend cap of the campaign, and do not pause it',
    says: /is not `true`|Difference/,
    edits: [{ file: 'sql/throttle/spend_on_judge.sql', find: 'NOT p_must_fit OR', replace: 'true OR' }],
  },
  {
    fault: 'a question that a chat model wrote about an erased row',
    fix: 'queries made of a row are erased by its key',
    test: 'judge',
    title: 'erasing a row erases its grades and the questions that were made of it',
    says: /Difference/,
    edits: [
      {
        file: 'sql/erase/erase_queries.sql',
        find: " OR q.lexical_share IS NOT NULL AND starts_with(q.query, p_shown || ': ')",
        replace: '',
      },
    ],
  },
  {
    fault: 'a judgement of people is overruled by a chat model',
    fix: 'queries that people judged are not graded',
    test: 'judge',
    title: 'what people judged is not graded, and few of the results being judged gives the condensed nDCG too',
    says: /is not `false`|Difference/,
    edits: [{ file: 'src/validation/metrics/graded-results.ts', find: "one.judged?.grade === 'people' || ", replace: '' }],
  },
];
