import { counted, createPart, element, formatTime, plain } from './element.js';
import { showLeaderboard } from './leaderboard.js';
import { createTarget } from './target.js';

const [place, connection, main, notShown, announcement] = ['place', 'connection', 'targets', 'not-shown', 'announcement'].map((id) =>
  document.getElementById(id),
);
const BUCKET_SECONDS = 10;
const targets = new Map();
const general = element('div');
main.append(general);

const showGeneral = createPart(general, ({ problem, remedy, command }) =>
  problem || command
    ? [
        element(
          'article',
          {},
          ...(problem ? [element('p', {}, problem)] : []),
          ...(remedy ? [element('p', {}, remedy)] : []),
          ...(command ? [element('p', {}, 'Next: ', element('code', {}, command))] : []),
        ),
      ]
    : [],
);
const showNotShown = createPart(notShown, (reasons) =>
  reasons.map(({ panel, reason }) => element('p', {}, `Not shown: ${panel.replaceAll('_', ' ')}; ${reason}.`)),
);

// The server sends a state about every two seconds; after longer than this, what is shown is called old.
const SILENCE_MS = 10_000;
let heardAt = Date.now();
let said = '';
/** time of the state that is shown, which stays when no other comes */
let shownOf;

const sayOld = (why) => say(connection, shownOf === undefined ? why : `${why} What is shown is of ${formatTime(shownOf)}.`);

function show(state) {
  heardAt = Date.now();
  if (!state.status) {
    sayOld('The state cannot be read.');
    showGeneral(state);
    return;
  }
  shownOf = state.status.at;
  say(connection, '');
  const { status, panels } = state;
  say(place, `${state.database}, as role ${state.role}${state.changes ? '; changes are allowed' : ''}`);
  const { problem } = status.migrations;
  showGeneral({ problem: problem?.message, remedy: problem?.remedy, command: status.command });
  showNotShown(state.not_shown);
  const at = Date.parse(status.at);
  const current = status.campaigns.filter((campaign) => campaign.current);
  for (const campaign of current) {
    if (!targets.has(campaign.target)) {
      const created = createTarget(campaign.target, stored.get(campaign.target) ?? []);
      targets.set(campaign.target, created);
      main.append(created.article);
    }
    targets.get(campaign.target).update(campaign, panels, at, state.changes);
  }
  for (const [name, { article }] of targets)
    if (!current.some(({ target }) => target === name)) {
      article.remove();
      targets.delete(name);
    }
  announce(current, panels);
}

/** Says what changed that a reader waits for; figures that move all the time would drown it. */
function announce(campaigns, panels) {
  const now = campaigns
    .map(({ target, phase, throttled_by, validation, failed }) => {
      const alerts = panels.alerts?.filter((alert) => alert.target === target).length ?? 0;
      const parts = [
        `phase ${phase}`,
        throttled_by ? `slowed or stopped: ${throttled_by}` : '',
        validation ? `validation ${validation.verdict}` : '',
      ];
      parts.push(failed > 0 ? counted(failed, 'failed row') : '', alerts > 0 ? counted(alerts, 'open alert') : '');
      return `${target}: ${parts.filter(Boolean).join(', ')}`;
    })
    .join('. ');
  if (said !== '' && now !== said) say(announcement, now);
  said = now;
}

function say(where, text) {
  if (where.textContent !== plain(text)) where.textContent = plain(text);
}

/** Rows per second of each target from before this page was opened. */
async function readStored() {
  const points = new Map();
  const answer = await fetch('/history').catch(() => undefined);
  for (const { target, at, rows } of answer?.ok ? await answer.json() : [])
    points.set(target, [...(points.get(target) ?? []), [Date.parse(at) + 1000 * BUCKET_SECONDS, rows / BUCKET_SECONDS]]);
  return points;
}

await showLeaderboard(document.getElementById('comparison'));
const stored = await readStored();
const events = new EventSource('/state');
events.addEventListener('state', ({ data }) => show(JSON.parse(data)));
events.addEventListener('error', () =>
  sayOld(events.readyState === EventSource.CLOSED ? 'Ended: start reembed ui again.' : 'Connection lost; trying again …'),
);
setInterval(() => {
  if (events.readyState === EventSource.OPEN && Date.now() - heardAt > SILENCE_MS) sayOld('No new state has come.');
}, 1000);
