// The audits of npm's graphql-http, which follow the GraphQL-over-HTTP specification.
import assert from 'node:assert/strict';
import test from 'node:test';

import { serverAudits } from 'graphql-http';

const run = async (url) =>
  Promise.all(serverAudits({ url }).map(async (audit) => ({ ...audit, ...(await audit.fn()) })));

const level = (audit) => audit.name.split(' ')[0];

const failed = (audits) =>
  audits.filter((audit) => audit.status !== 'ok').map((audit) => `${audit.name}: ${audit.reason}`);

test('every MUST and SHOULD holds with the default configuration', async () => {
  const audits = await run(process.env.GATEWAY);
  const binding = audits.filter((audit) => ['MUST', 'SHOULD'].includes(level(audit)));
  assert.equal(binding.filter((audit) => level(audit) === 'MUST').length, 13);
  assert.equal(binding.filter((audit) => level(audit) === 'SHOULD').length, 23);
  assert.deepEqual(failed(binding), []);
});

test('every audit holds where queries by GET are allowed', async () => {
  const audits = await run(process.env.GET_GATEWAY);
  assert.equal(audits.length, 61);
  assert.deepEqual(failed(audits), []);
});
