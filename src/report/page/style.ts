/** The only style sheet. Light or dark, following the reader's system. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f8fa; --card: #ffffff; --line: #d8dee4; --text: #1f2328; --quiet: #59636e; --accent: #0b5cd5;
  --pass: #116329; --pass-back: #dafbe1; --fail: #a40e26; --fail-back: #ffebe9; --wait: #7d4e00; --wait-back: #fff8c5; --mark: #ddf4ff;
  --bar: #818b98; --shade: rgb(31 35 40 / 0.28);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --card: #161b22; --line: #30363d; --text: #e6edf3; --quiet: #9aa4af; --accent: #79b8ff;
    --pass: #7ee2a0; --pass-back: #12331d; --fail: #ffb1a8; --fail-back: #43171a; --wait: #f0c560; --wait-back: #352a0a; --mark: #14304d;
    --bar: #7d8590; --shade: rgb(230 237 243 / 0.3);
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: anywhere; -webkit-text-size-adjust: 100%;
}
main, header, footer { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 40px; }
footer { padding-top: 8px; padding-bottom: 48px; color: var(--quiet); font-size: 14px; }
h1 { margin: 4px 0 8px; font-size: clamp(24px, 4vw, 34px); line-height: 1.2; letter-spacing: -0.01em; }
h1 .arrow { color: var(--quiet); font-weight: 400; }
h2 { margin: 0 0 12px; font-size: 20px; line-height: 1.3; }
h3 { margin: 24px 0 8px; font-size: 16px; }
p { margin: 8px 0; max-width: 75ch; }
a { color: var(--accent); }
code { font: 0.92em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.quiet { color: var(--quiet); }
.eyebrow { margin: 0; color: var(--quiet); font-size: 13px; letter-spacing: 0.06em; text-transform: uppercase; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 20px 0 0; padding: 0; list-style: none; font-size: 14px; }
section { margin: 24px 0; padding: 24px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.phases { display: flex; flex-wrap: wrap; gap: 8px; margin: 20px 0 0; padding: 0; list-style: none; }
.phases li { flex: 1 1 150px; padding: 8px 12px; border-top: 3px solid var(--line); font-size: 14px; color: var(--quiet); }
.phases li.reached { border-color: var(--accent); color: var(--text); }
.phases b { display: block; }
.verdict { border-left: 6px solid var(--line); }
.verdict.pass { border-left-color: var(--pass); }
.verdict.fail { border-left-color: var(--fail); }
.verdict.wait { border-left-color: var(--wait); }
.badge { display: inline-block; padding: 1px 10px; border-radius: 999px; font-size: 14px; font-weight: 600; white-space: nowrap; }
.pass > .outcome .badge, .badge.pass { color: var(--pass); background: var(--pass-back); }
.fail > .outcome .badge, .badge.fail { color: var(--fail); background: var(--fail-back); }
.wait > .outcome .badge, .badge.wait { color: var(--wait); background: var(--wait-back); }
.plain-words { font-size: clamp(19px, 2.4vw, 23px); line-height: 1.4; font-weight: 600; margin: 0 0 14px; }
.outcome .badge { font-size: 17px; padding: 4px 16px; margin-right: 6px; }
.remedy { display: block; color: var(--quiet); font-size: 14px; }
.remedy::before { content: "→ " / ""; }
b.right { color: var(--pass); white-space: nowrap; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 12px; margin: 20px 0 0; }
.tiles div { padding: 12px 16px; background: var(--page); border: 1px solid var(--line); border-radius: 8px; }
.tiles dt { font-size: 13px; color: var(--quiet); }
.tiles dd { margin: 0; font-size: 21px; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.35; }
.tiles dd small { display: block; font-size: 13px; font-weight: 400; color: var(--quiet); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 24px; margin: 16px 0; }
figure { margin: 0; min-width: 0; }
figure.data { margin: 20px 0 0; }
figcaption { font-size: 14px; font-weight: 600; margin-bottom: 8px; }
figure svg { display: block; max-width: 100%; height: auto; }
.plots > p { align-self: center; }
/* Covers that scroll with the table hide the shade of an edge that is reached; the bar stays visible where the system would hide it. */
.scroll {
  overflow-x: auto; scrollbar-width: thin; scrollbar-color: var(--bar) transparent;
  background:
    linear-gradient(to right, var(--card) 40%, transparent) left / 36px 100% no-repeat local,
    linear-gradient(to left, var(--card) 40%, transparent) right / 36px 100% no-repeat local,
    linear-gradient(to right, var(--shade), transparent) left / 14px 100% no-repeat scroll,
    linear-gradient(to left, var(--shade), transparent) right / 14px 100% no-repeat scroll,
    var(--card);
}
.scroll.long { max-height: 480px; overflow-y: auto; }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; overflow-wrap: normal; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 14px 6px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--quiet); font-weight: 500; white-space: nowrap; }
.long thead th { position: sticky; top: 0; background: var(--card); }
tbody th { font-weight: 500; }
th.number, td.number { text-align: right; white-space: nowrap; }
td.tight, th.tight { white-space: nowrap; }
td.wide, tbody th.wide { min-width: 200px; overflow-wrap: anywhere; }
details { border: 1px solid var(--line); border-radius: 8px; margin: 8px 0; }
summary { cursor: pointer; padding: 10px 14px; }
summary .quiet { font-size: 14px; }
summary bdi { font-weight: 500; }
.lists { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 16px; padding: 0 14px 14px; }
.lists h4 { margin: 4px 0; font-size: 14px; }
.lists ol { margin: 0; padding-left: 28px; font-size: 14px; }
.lists li { padding: 3px 4px; border-bottom: 1px solid var(--line); }
.lists li.moved { background: var(--mark); }
.lists bdi { display: block; color: var(--quiet); }
ul.plain { margin: 8px 0; padding-left: 20px; }
@media (max-width: 560px) {
  main, header, footer { padding-left: 12px; padding-right: 12px; }
  section { padding: 16px; margin: 16px 0; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 8px; }
  .tiles div { padding: 10px 12px; }
  .tiles dd { font-size: 17px; }
}
@media print {
  body { background: none; font-size: 12px; }
  section { border-color: #ccc; break-inside: avoid-page; }
  nav { display: none; }
  .scroll, .scroll.long { max-height: none; background: none; }
}
`;
