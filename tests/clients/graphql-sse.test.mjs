// graphql-sse in both of its modes.
import assert from 'node:assert/strict';
import test from 'node:test';

import { createClient } from 'graphql-sse';

import {
  CANCEL, GATEWAY, NO_ORDER, QUOTE, QUOTES, SYMBOL, SYMBOLS, UNKNOWN,
  checkCancel, checkQuote, checkQuotes, code, first,
} from './operations.mjs';

for (const singleConnection of [false, true]) {
  const mode = singleConnection ? 'single connection' : 'distinct connections';
  const client = createClient({ url: GATEWAY, singleConnection, retryAttempts: 0 });
  test.after(() => client.dispose());

  const once = async (query, variables) => {
    const results = [];
    for await (const result of client.iterate({ query, variables })) results.push(result);
    assert.equal(results.length, 1);
    return results[0];
  };

  const watch = (variables) => (next, fail) =>
    client.subscribe({ query: QUOTES, variables }, { next, error: fail, complete() {} });

  test(`${mode}: a query`, async () => checkQuote((await once(QUOTE, SYMBOL)).data));

  test(`${mode}: a mutation`, async () => checkCancel((await once(CANCEL, NO_ORDER)).data));

  test(`${mode}: a subscription`, async () => checkQuotes(await first(3, watch(SYMBOLS))));

  test(`${mode}: many subscriptions`, async () => {
    const many = Array.from({ length: 10 }, () => first(3, watch(SYMBOLS)));
    for (const results of await Promise.all(many)) checkQuotes(results);
  });

  test(`${mode}: an error is told with its code`, async () => {
    assert.equal(code((await once(QUOTES, UNKNOWN)).errors), 'UNKNOWN_SYMBOL');
  });
}

test('distinct connections: a wrong document is told with its code', async () => {
  const client = createClient({ url: GATEWAY, retryAttempts: 0 });
  const [result] = await first(1, (next, fail) =>
    client.subscribe({ query: '{ nothing }' }, { next, error: fail, complete() {} }),
  );
  assert.equal(code(result.errors), 'GRAPHQL_VALIDATION_FAILED');
});
