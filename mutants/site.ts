import type { Mutant } from './mutant.ts';

/** Faults of the documentation site that its build does not show. */
export const SITE: Mutant[] = [
  {
    fault: 'a link of the documentation to a section that is gone',
    fix: 'anchors are checked, too',
    test: 'site',
    title: 'the built site has every page, no dead link or anchor, and loads nothing from elsewhere',
    says: /no-such-section/,
    edits: [{ file: 'docs/limits.md', find: '(reliability.md#known-limits)', replace: '(reliability.md#no-such-section)' }],
  },
  {
    fault: 'a page of the documentation that loads a picture from elsewhere',
    fix: 'what a page loads is of the site',
    test: 'site',
    title: 'the built site has every page, no dead link or anchor, and loads nothing from elsewhere',
    says: /faq\.html loads/,
    edits: [{ file: 'docs/faq.md', find: '# Questions\n', replace: '# Questions\n\n![x](https://example.com/x.png)\n' }],
  },
  {
    fault: 'examples of Markdown in the documentation are changed',
    fix: 'code is not searched for links',
    test: 'site',
    title: 'links to pages, sections, files and pictures of the project are links of the site; code is left as it is',
    says: /links to b\.md/,
    edits: [
      { file: 'site/links.ts', find: 'position % 2 === 0 ? rewritten(part) : part', replace: 'position >= 0 ? rewritten(part) : part' },
    ],
  },
  {
    fault: 'an option of a command is missing in the generated reference',
    fix: 'sub-commands are described, too',
    test: 'site',
    title: 'the reference has every command with its options, every setting, view and function, and every error with its remedy',
    says: /migrate create/,
    edits: [
      {
        file: 'site/reference/commands.ts',
        find: 'return [...parts, ...command.commands.flatMap((one) => describe(help, one))];',
        replace: 'return parts;',
      },
    ],
  },
  {
    fault: 'an indented block of code on the site',
    fix: 'it is drawn in a box that scrolls',
    test: 'site',
    title: 'pages in a browser are usable by everybody, can be searched, and ask no other host for anything',
    says: /wider than a telephone/,
    edits: [
      {
        file: 'site/.vitepress/config.ts',
        find: "md.renderer.rules.code_block = (...block) => md.renderer.rules.fence?.(...block) ?? '';",
        replace: '',
      },
    ],
  },
];
