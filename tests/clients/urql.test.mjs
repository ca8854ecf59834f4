// urql's core client with its stock exchanges.
import assert from 'node:assert/strict';
import test from 'node:test';

import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';

import {
  CANCEL, GATEWAY, GET_GATEWAY, NO_ORDER, QUOTE, QUOTES, SOCKET, SYMBOL, SYMBOLS,
  checkCancel, checkQuote, checkQuotes, code, first,
} from './operations.mjs';

const stock = { exchanges: [cacheExchange, fetchExchange] };
// urql asks queries by GET unless it is told not to.
const client = new Client({ url: GATEWAY, preferGetMethod: false, ...stock });

const watch = (through) => (next, fail) => {
  const { unsubscribe } = through.subscription(QUOTES, SYMBOLS).subscribe((result) => {
    if (result.error) fail(result.error);
    else next(result);
  });
  return unsubscribe;
};

const clientThrough = (forward) =>
  new Client({ url: GATEWAY, exchanges: [subscriptionExchange({ forwardSubscription: forward })] });

test('a query by POST', async () => {
  const { data, error } = await client.query(QUOTE, SYMBOL);
  assert.equal(error, undefined);
  checkQuote(data);
});

test('a mutation by POST', async () => {
  const { data, error } = await client.mutation(CANCEL, NO_ORDER);
  assert.equal(error, undefined);
  checkCancel(data);
});

test('a wrong document is told with its code', async () => {
  const { error } = await client.query('{ nothing }');
  assert.equal(code(error.graphQLErrors), 'GRAPHQL_VALIDATION_FAILED');
});

test('a query by GET, which is its default', async () => {
  const { data, error } = await new Client({ url: GET_GATEWAY, ...stock }).query(QUOTE, SYMBOL);
  assert.equal(error, undefined);
  checkQuote(data);
});

test('a subscription by its own fetch', async () => {
  const fetching = new Client({ url: GATEWAY, fetchSubscriptions: true, ...stock });
  checkQuotes(await first(3, watch(fetching)));
});

test('a subscription by graphql-ws', async () => {
  const socket = createWs({ url: SOCKET });
  const forward = ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
  });
  checkQuotes(await first(3, watch(clientThrough(forward))));
  await socket.dispose();
});

test('a subscription by graphql-sse', async () => {
  const events = createSse({ url: GATEWAY });
  const forward = ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: events.subscribe({ query, variables }, sink) }),
  });
  checkQuotes(await first(3, watch(clientThrough(forward))));
  events.dispose();
});
