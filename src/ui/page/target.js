import { createChanges } from './changes.js';
import { drawChart, SHOWN_MS } from './chart.js';
import { counted, createPart, element, formatNumber, formatSeconds, formatTime } from './element.js';
import { drawProvider } from './provider.js';
import { createAlerts, createFailedBatches, createFailedRows, createSettings } from './tables.js';

const PHASES = ['expand', 'backfill', 'index', 'switch', 'contract'];
// Batches end rarely, so a rate over less time would jump.
const RATE_MS = 10_000;

/**
 * One target on the page.
 *
 * @param name full name
 * @param stored points `[time, rows per second]` from before the page was opened
 */
export function createTarget(name, stored) {
  const [title, rail, next, text, facts, notices, charts, verdict] = ['h2', 'ol', 'div', 'p', 'dl', 'ul', 'div', 'div'].map((tag) =>
    element(tag),
  );
  rail.className = 'rail';
  next.className = 'next';
  notices.className = 'notices';
  charts.className = 'charts';
  const bar = element('progress', { max: '100', value: '0', 'aria-label': `Rows of ${name} that are done` });
  const tables = {
    alerts: createAlerts(name),
    failed_batches: createFailedBatches(name),
    failed_rows: createFailedRows(name),
    settings: createSettings(name),
  };
  const changes = createChanges(name, title);
  const article = element('article', {}, title, rail, next, changes.bar, bar, text, facts, notices, charts, verdict);
  article.append(...Object.values(tables).map(({ details }) => details));

  const parts = {
    title: createPart(title, ({ from, to }) => [`${name}: ${from} → ${to}`]),
    rail: createPart(rail, drawRail),
    next: createPart(next, drawNext),
    text: createPart(text, (line) => [line]),
    facts: createPart(facts, (pairs) =>
      pairs.flatMap(([term, value]) => [element('div', {}, element('dt', {}, term), element('dd', {}, value))]),
    ),
    notices: createPart(notices, (reasons) =>
      reasons.map(({ reason, throttles }) => element('li', {}, throttles ? `slowed or stopped: ${reason}` : reason)),
    ),
    verdict: createPart(verdict, drawVerdict),
  };
  const rates = createRates(stored);
  return {
    article,
    update(campaign, panels, at, offers) {
      parts.title({ from: campaign.from_model, to: campaign.to_model });
      parts.rail(campaign.phase);
      parts.next({ next: campaign.next, phase: campaign.phase, workers: campaign.workers });
      bar.value = campaign.percent ?? 0;
      parts.text(progressText(campaign));
      parts.facts(factsOf(campaign));
      parts.notices(campaign.health);
      parts.verdict(campaign.validation);
      changes.update(offers?.find(({ target }) => target === name));
      rates.add(at, campaign);
      charts.replaceChildren(drawChart('Rows per second', 'rows/s', [{ label: 'rows', points: rates.points }], at));
      if (panels.read_latency) charts.append(drawLatency(ofTarget(panels.read_latency, name), at));
      if (panels.provider) charts.append(...drawProvider(panels.provider, [campaign.to_model, campaign.from_model], at));
      for (const [panel, { show }] of Object.entries(tables)) {
        const rows = panels[panel] && ofTarget(panels[panel], name);
        if (panel === 'settings') show(rows, rows && `${rows.filter(({ changed }) => changed).length} changed`);
        else if (panel === 'failed_rows') show(rows, campaign.failed);
        else show(rows);
      }
    },
  };
}

/** The rate over the time that the page is open, measured from the progress that it is sent. */
function createRates(stored) {
  const points = stored;
  let samples = [];
  let measured;
  return {
    points,
    add(at, { campaign, done }) {
      if (measured !== campaign) samples = [];
      measured = campaign;
      samples.push([at, done]);
      while (samples.length > 2 && samples[1][0] <= at - RATE_MS) samples.shift();
      const [[since, before]] = samples;
      if (at - since >= RATE_MS) points.push([at, Math.max(0, (1000 * (done - before)) / (at - since))]);
      while (points.length > 0 && points[0][0] < at - SHOWN_MS) points.shift();
    },
  };
}

const ofTarget = (rows, name) => rows.filter(({ target }) => target === name);

function drawRail(phase) {
  const reached = PHASES.indexOf(phase);
  return PHASES.map((name, at) =>
    element('li', { class: at <= reached ? 'reached' : undefined, 'aria-current': at === reached ? 'step' : undefined }, name),
  );
}

function drawNext({ next, phase, workers }) {
  if (next === null) return [element('p', {}, phase === 'contract' ? 'This campaign is finished.' : 'Nothing is left to do.')];
  const conditions = next.open_conditions ?? [];
  return [
    next.is_under_way
      ? element('p', {}, `Next is ${next.phase}; nothing to run: ${counted(workers, 'worker is', 'workers are')} running`)
      : element('p', {}, `Next, to enter ${next.phase}: `, element('code', {}, next.command)),
    ...(conditions.length > 0 ? [element('ul', {}, ...conditions.map(({ condition }) => element('li', {}, condition)))] : []),
  ];
}

function progressText(row) {
  if (row.percent === null) return row.phase === 'expand' ? 'Not planned yet' : 'Nothing to embed';
  return `${row.percent.toFixed(1)} %, ${formatNumber(row.done)} of ${counted(row.total, 'row')}`;
}

function factsOf(row) {
  const works = row.percent !== null && row.done < row.total;
  return [
    ['rate', works && row.rows_per_second !== null ? `${formatNumber(row.rows_per_second)} rows/s` : '–'],
    ['time left', works && row.eta_seconds !== null ? formatSeconds(row.eta_seconds) : '–'],
    ['workers', formatNumber(row.workers)],
    ['changed rows waiting', formatNumber(row.outdated)],
    ['failed rows', formatNumber(row.failed)],
    ['tokens', formatNumber(row.tokens)],
    ['cost', row.cost_usd === null ? '–' : `$${row.cost_usd.toFixed(row.cost_usd < 1 ? 4 : 2)}`],
    ['searches read', row.canary_percent ? `${row.read_model}; canary ${row.canary_percent} %` : row.read_model],
  ];
}

function drawLatency(rows, at) {
  const line = (label, key) => ({
    label,
    points: rows.filter((row) => row[key] !== null).map((row) => [Date.parse(row.at), row[key]]),
  });
  const lines = [line('while workers rest', 'resting_ms'), line('while they write', 'writing_ms')];
  return drawChart('Searches, 95th percentile: while workers rest (solid) and while they write (dashed)', 'ms', lines, at);
}

function drawVerdict(validation) {
  if (validation === null) return [element('h3', {}, 'Validation'), element('p', {}, 'None yet')];
  const findings = [...validation.reasons, ...validation.doubts];
  const recall = validation.index_recall === null ? '' : `, index recall ${validation.index_recall.toFixed(3)}`;
  return [
    element('h3', {}, 'Validation ', element('span', { class: `badge ${validation.verdict}` }, validation.verdict.toUpperCase())),
    element(
      'p',
      {},
      `${formatTime(validation.finished_at)}: ${counted(validation.queries, 'query', 'queries')}, overlap ${formatNumber(100 * validation.overlap)} %${recall}`,
    ),
    ...(findings.length > 0
      ? [element('ul', {}, ...findings.map(({ reason, remedy }) => element('li', {}, `${reason} – ${remedy}`)))]
      : []),
  ];
}
