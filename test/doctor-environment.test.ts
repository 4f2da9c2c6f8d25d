import test from 'ava';
import { readConfig } from '../src/config.ts';
import { examineProviders } from '../src/doctor/environment.ts';
import { judgeVersions } from '../src/doctor/pgvector.ts';
import { createWorkplace } from './harness/command.ts';

test('doctor never prints a key, a user, a password or a query of an address', async (t) => {
  const workplace = createWorkplace({
    OPENAI_API_KEY: 'sk-hidden-key',
    OPENAI_BASE_URL: 'https://hidden-user:hidden-word@models.example/v1?token=hidden-token',
    OPENAI_OLD_API_KEY: 'sk-hidden-old',
    OPENAI_OLD_BASE_URL: 'http://models.example/v1?hidden-token',
  });
  t.teardown(workplace.remove);
  const { code, stdout, stderr } = await workplace.run(['doctor']);
  t.notRegex(stdout + stderr, /hidden/);
  t.is(code, 1);
  t.regex(stdout, /✗ provider +OPENAI_BASE_URL contains a user or password/);
  t.regex(
    stdout,
    /! old provider +OPENAI_OLD_API_KEY is set, base URL http:\/\/models\.example\/v1: key and texts are sent unencrypted\n +→ use https/,
  );
});

test('doctor says which provider settings are missing or cannot be used', (t) => {
  const judge = (env: Record<string, string>) =>
    examineProviders(readConfig(env)).map(({ name, level, finding }) => `${name} ${level}: ${finding}`);
  t.deepEqual(judge({}), ['provider warn: OPENAI_API_KEY is not set, base URL of OpenAI']);
  t.deepEqual(judge({ OPENAI_API_KEY: 'test' }), ['provider ok: OPENAI_API_KEY is set, base URL of OpenAI']);
  t.deepEqual(judge({ OPENAI_API_KEY: 'test', OPENAI_BASE_URL: 'localhost:11434' }), [
    'provider error: OPENAI_BASE_URL is not an http or https address',
  ]);
  t.deepEqual(judge({ OPENAI_API_KEY: 'test', OPENAI_BASE_URL: 'http://localhost:11434/v1' }), [
    'provider ok: OPENAI_API_KEY is set, base URL http://localhost:11434/v1',
  ]);
  t.deepEqual(judge({ OPENAI_API_KEY: 'test', OPENAI_OLD_API_KEY: 'other' }), [
    'provider ok: OPENAI_API_KEY is set, base URL of OpenAI',
    'old provider ok: OPENAI_OLD_API_KEY is set, base URL of OpenAI',
  ]);
});

test('doctor lists what each version of pgvector lacks', (t) => {
  const level = (installed: string, files = installed) => judgeVersions(installed, files, 17).level;
  t.is(level('0.6.2'), 'error');
  t.is(level('0.7.4'), 'warn');
  t.is(level('0.8.6'), 'warn');
  t.is(level('0.8.7'), 'ok');
  t.is(level('0.10.0'), 'ok');
  t.regex(judgeVersions('0.7.4', '0.7.4', 17).finding, /iterative_scan.+CVE-2026-3172/);
  t.notRegex(judgeVersions('0.8.2', '0.8.2', 17).finding, /CVE-2026-3172/);
  t.regex(judgeVersions('0.8.2', '0.8.2', 17).finding, /VACUUM can damage/);
  t.notRegex(judgeVersions('0.8.4', '0.8.4', 17).finding, /VACUUM/);
});

test('doctor distinguishes a database whose extension was not updated from one that lacks the newer library', (t) => {
  t.is(judgeVersions('0.6.2', '0.8.7', 17).remedy, 'ALTER EXTENSION vector UPDATE');
  t.is(judgeVersions('0.7.0', '0.8.7', 17).finding, 'pgvector 0.7.0 (library 0.8.7)');
  t.is(judgeVersions('0.8.0', '0.8.7', 17).level, 'ok');
  t.regex(judgeVersions('0.8.0', '0.8.0', 15).remedy ?? '', /^upgrade pgvector to 0\.8\.7 or newer \(package postgresql-15-pgvector/);
});
