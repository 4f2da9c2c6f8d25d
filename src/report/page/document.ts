import { html } from 'hono/html';
import { PHASES } from '../../database/migration-file.ts';
import { minute } from '../format.ts';
import { drawPlot } from '../plots/draw-plot.ts';
import type { ModelLabels } from '../plots/plot.ts';
import type { Report } from '../read-report.ts';
import { changesSection } from './changes.ts';
import { checksSection } from './checks.ts';
import { backfillSection, liveSection, runsSection, trailSection } from './course.ts';
import { qualitySection } from './quality.ts';
import { scoresSection } from './scores.ts';
import { standalonePage } from './standalone.ts';
import type { Html } from './table.ts';
import { verdictSection } from './verdict.ts';

/** Renders the report as one self-contained HTML file: it needs no script, font or image file. */
export async function reportPage(report: Report): Promise<string> {
  const { campaign } = report;
  const labels: ModelLabels = [`old: ${campaign.from_model}`, `new: ${campaign.to_model}`];
  const sections: [id: string, name: string, content: Html | null][] = [
    ['verdict', 'Verdict', verdictSection(report)],
    ['quality', 'Old and new model', await qualitySection(report, labels, drawPlot)],
    ['changes', 'What changes', await changesSection(report, drawPlot)],
    ['scores', 'Scores and cut-offs', await scoresSection(report, labels, drawPlot)],
    ['checks', 'Index, speed, vectors', await checksSection(report, labels, drawPlot)],
    ['live', 'Live reads and alerts', await liveSection(report, drawPlot)],
    ['backfill', 'Backfill', await backfillSection(report, drawPlot)],
    ['runs', 'Runs', runsSection(report)],
    ['trail', 'Audit trail', trailSection(report)],
  ];
  const shown = sections.filter(([, , content]) => content !== null);
  return standalonePage({
    title: html`${campaign.from_model} → ${campaign.to_model}, ${campaign.target}`,
    header: html`<p class="eyebrow">Change of embedding model</p>
<h1>${campaign.from_model} <span class="arrow" aria-label="to">→</span> ${campaign.to_model}</h1>
<p class="quiet"><code>${campaign.target}</code>, campaign <code>${campaign.name}</code>. ${campaign.models.map(({ role, dimensions }) => `${role} model: ${dimensions} dimensions`).join(', ')}; new vectors in a ${campaign.storage}. Live model: <b>${campaign.read_model}</b>.</p>
${phases(report)}
<nav aria-label="Sections"><ul>${shown.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>`,
    main: html`${shown.map(([, , content]) => content)}`,
    footer: html`<p>Created ${minute(report.at)} by pg-reembed from schema <code>reembed</code>; PostgreSQL ${campaign.server_version}, pgvector ${campaign.pgvector_version}. ${report.with_text ? 'It holds texts of queries and rows.' : 'It holds no text of a query or row.'} It holds no vectors. The verdict applies the thresholds at that time.</p>`,
  });
}

/** The five phases, each with the time it was last entered. */
function phases({ campaign, trail }: Report): Html {
  const at = PHASES.indexOf(campaign.phase);
  const entered = new Map(trail.events.filter(({ kind }) => kind === 'phase').map(({ to_value, at: time }) => [to_value, time]));
  return html`<ol class="phases" aria-label="Phases">${PHASES.map((phase, i) => {
    const time = i <= at ? entered.get(phase) : undefined;
    const state = i > at ? 'to come' : time ? minute(time) : 'done';
    return html`<li class="${i <= at ? 'reached' : ''}"${i === at ? html` aria-current="step"` : null}><b>${phase}</b>${state}</li>`;
  })}</ol>`;
}
