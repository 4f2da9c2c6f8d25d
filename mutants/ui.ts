import type { Mutant } from './mutant.ts';

/** One for each rule by which nobody else sees the page of `reembed ui`. */
export const UI: Mutant[] = [
  {
    fault: 'ui without a cookie',
    fix: 'a request without the cookie is refused',
    test: 'ui',
    title: 'without the printed address nothing is served, and a wrong token opens nothing',
    says: /401/,
    edits: [{ file: 'src/ui/admission.ts', find: 'if (!known) return refuse(c);', replace: '' }],
  },
  {
    fault: 'ui with a token that was used',
    fix: 'the token works once',
    test: 'ui',
    title: 'the address gives one browser a cookie that scripts and other sites cannot use, and works once',
    says: /401/,
    edits: [{ file: 'src/ui/admission.ts', find: 'used = true;', replace: '' }],
  },
  {
    fault: 'ui under a rebound name',
    fix: 'Host must be this machine',
    test: 'ui',
    title: 'a name that was rebound to this machine and a page of another origin are refused, also with the cookie',
    says: /evil\.example/,
    edits: [{ file: 'src/ui/admission.ts', find: "!hosts.includes(c.req.header('host') ?? '')", replace: 'false' }],
  },
  {
    fault: 'ui that could write',
    fix: 'its transactions are read only',
    test: 'ui',
    title: 'the page can change nothing, and one refused query hides no other',
    says: /25006/,
    edits: [{ file: 'src/ui/read-only.ts', find: "await client.query('SET TRANSACTION READ ONLY');", replace: '' }],
  },
  {
    fault: 'ui of a role with few rights',
    fix: 'a refused panel hides no other',
    test: 'ui',
    title: 'what the role may not read is not shown, and the rest is',
    says: /status|undefined/,
    edits: [{ file: 'src/ui/read-state.ts', find: "if (sqlState === '42501') return 'this role may not read it';", replace: '' }],
  },
];
