// graphql-ws alone: every kind of operation over one socket.
import assert from 'node:assert/strict';
import test from 'node:test';

import { createClient } from 'graphql-ws';

import {
  CANCEL, NO_ORDER, QUOTE, QUOTES, SOCKET, SYMBOL, SYMBOLS, UNKNOWN,
  checkCancel, checkQuote, checkQuotes, code, first,
} from './operations.mjs';

const client = createClient({ url: SOCKET });
test.after(() => client.dispose());

const once = async (query, variables) => {
  const results = [];
  for await (const result of client.iterate({ query, variables })) results.push(result);
  assert.equal(results.length, 1);
  return results[0].data;
};

const watch = (variables) => (next, fail) =>
  client.subscribe({ query: QUOTES, variables }, { next, error: fail, complete() {} });

test('a query', async () => checkQuote(await once(QUOTE, SYMBOL)));

test('a mutation', async () => checkCancel(await once(CANCEL, NO_ORDER)));

test('a subscription', async () => checkQuotes(await first(3, watch(SYMBOLS))));

test('many subscriptions on one socket', async () => {
  for (const results of await Promise.all(Array.from({ length: 20 }, () => first(3, watch(SYMBOLS)))))
    checkQuotes(results);
});

test('an error is told with its code', async () => {
  await assert.rejects(first(1, watch(UNKNOWN)), (errors) => code(errors) === 'UNKNOWN_SYMBOL');
});

test('the client keeps the socket alive with pings of its own', async () => {
  const pinging = createClient({ url: SOCKET, lazy: false, keepAlive: 50 });
  await new Promise((resolve) => pinging.on('pong', (received) => received && resolve()));
  await pinging.dispose();
});
