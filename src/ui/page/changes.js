import { createPart, element, formatNumber, formatTime } from './element.js';

const WORDS = {
  pause: ['Pause', () => 'Workers finish the batches in progress and wait.'],
  resume: ['Resume', () => 'Workers go on.'],
  canary: [
    'Set canary',
    ({ to_model, canary_percent }) => `Readers who read ${to_model} before the switch; now ${formatNumber(canary_percent, 2)} %.`,
  ],
  switch: ['Switch', ({ to_model }) => `The live view reads ${to_model} for all readers, within milliseconds.`],
  rollback: ['Roll back', ({ from_model }) => `The live view reads ${from_model} for all readers again, within milliseconds.`],
  retry: ['Retry failed rows', () => 'Rows that could not be embedded are returned to the workers.'],
};

let token;

/** Asks the server for a change, with the token that only a script of this page can read. */
async function ask(path, request) {
  token ??= (await (await fetch('/changes')).json()).token;
  const answer = await fetch(`/changes/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Reembed-Token': token },
    body: JSON.stringify(request),
  });
  const said = await answer.json();
  return answer.ok ? said : { problem: said.problem ?? 'The server refused it.', remedy: said.remedy };
}

const askOrSay = (path, request) =>
  ask(path, request).catch(() => ({ problem: 'The server does not answer.', remedy: 'Start reembed ui again.' }));

/**
 * Buttons for what can be changed of a target.
 *
 * @param name full name
 * @param title focused after a change, when its button may be gone
 * @returns the buttons, and what shows those of an offer; undefined for none
 */
export function createChanges(name, title) {
  const bar = element('div', { class: 'changes', role: 'group', 'aria-label': `Changes of ${name}`, hidden: true });
  const done = element('p', { role: 'status' });
  title.setAttribute('tabindex', '-1');
  let offer;
  const finish = (text) => {
    done.textContent = text;
    title.focus();
  };
  const draw = createPart(bar, (changes) => [
    ...changes.map((change) => {
      const button = element('button', { type: 'button' }, WORDS[change][0]);
      button.addEventListener('click', () => openDialog(change, offer, { finish, title }));
      return button;
    }),
    done,
  ]);
  /** Another person's change may replace the button that has the focus; a keyboard goes on from there. */
  const show = (changes) => {
    const focused = bar.contains(document.activeElement) ? document.activeElement.textContent : undefined;
    draw(changes);
    if (focused === undefined || bar.contains(document.activeElement)) return;
    ([...bar.querySelectorAll('button')].find((button) => button.textContent === focused) ?? title).focus();
  };
  return {
    bar,
    update(current) {
      offer = current;
      bar.hidden = !offer || (offer.changes.length === 0 && done.textContent === '');
      if (offer) show(offer.changes);
    },
  };
}

function field(label, attributes) {
  const input = element('input', { autocomplete: 'off', required: true, ...attributes });
  return [input, element('label', {}, label, input)];
}

/** Asks for a reason and for the name of the target, and shows the gate meanwhile. */
function openDialog(change, offer, { finish, title }) {
  const [verb, meaning] = WORDS[change];
  const { target } = offer;
  const [percent, percentLabel] = field('Percentage, 0 to 100', {
    type: 'number',
    min: '0',
    max: '100',
    step: 'any',
    value: String(offer.canary_percent),
  });
  const [reason, reasonLabel] = field('Reason, for the audit', { maxLength: '500' });
  const [confirmation, confirmationLabel] = field(`Type ${target} to confirm`, { spellcheck: 'false' });
  const gate = element('div', { class: 'next', role: 'status' });
  const failure = element('div', { class: 'failure', role: 'alert' });
  const submit = element('button', { type: 'submit' }, verb);
  const cancel = element('button', { type: 'button' }, 'Cancel');
  const form = element(
    'form',
    {},
    ...(change === 'canary' ? [percentLabel] : []),
    reasonLabel,
    confirmationLabel,
    failure,
    element('div', { class: 'changes' }, submit, cancel),
  );
  const heading = element('h2', { id: 'dialog-title' }, `${verb}: ${target}`);
  const dialog = element('dialog', { 'aria-labelledby': 'dialog-title' }, heading, element('p', {}, meaning(offer)), gate, form);
  gate.hidden = !['canary', 'switch', 'rollback'].includes(change);
  cancel.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    dialog.remove();
    // The button that opened it may be gone.
    if (document.activeElement === document.body) title.focus();
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.disabled = true;
    failure.replaceChildren();
    const request = { target, change, reason: reason.value, confirmation: confirmation.value };
    if (change === 'canary') request.percent = percent.valueAsNumber;
    const said = await askOrSay('make', request);
    submit.disabled = false;
    if (said.problem) failure.replaceChildren(...problemOf(said));
    else {
      dialog.close();
      finish(`${formatTime(new Date())}: ${said.done}.`);
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  if (!gate.hidden) showGate(gate, submit, { target, change });
}

async function showGate(gate, submit, request) {
  gate.replaceChildren(element('p', {}, 'Evaluating the gate …'));
  const said = await askOrSay('gate', request);
  submit.disabled = said.is_refused === true;
  gate.replaceChildren(...(said.problem ? problemOf(said) : gateText(said)));
}

function gateText({ conditions, note }) {
  const items = (conditions ?? []).map(({ condition, remedy }) => element('li', {}, `${condition}: `, element('code', {}, remedy)));
  return [
    ...(conditions === null ? [] : [element('p', {}, items.length === 0 ? 'The gate is open.' : 'The gate is closed:')]),
    ...(items.length === 0 ? [] : [element('ul', {}, ...items)]),
    ...(note === null ? [] : [element('p', {}, note)]),
  ];
}

function problemOf({ problem, remedy }) {
  return [element('p', {}, problem), ...(remedy ? [element('p', {}, element('code', {}, remedy))] : [])];
}
