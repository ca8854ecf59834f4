// Apollo Client with its stock links.
import assert from 'node:assert/strict';
import test from 'node:test';

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';

import {
  CANCEL, GATEWAY, GET_GATEWAY, NO_ORDER, QUOTE, QUOTES, SOCKET, SYMBOL, SYMBOLS, UNKNOWN,
  checkCancel, checkQuote, checkQuotes, code, first,
} from './operations.mjs';

const clientOf = (link) => new ApolloClient({ link, cache: new InMemoryCache() });
const http = clientOf(new HttpLink({ uri: GATEWAY }));

const watch = (client, variables) => (next, fail) => {
  const watched = client.subscribe({ query: gql(QUOTES), variables });
  const subscription = watched.subscribe({ next, error: fail });
  return () => subscription.unsubscribe();
};

test('a query by POST', async () => {
  const { data } = await http.query({ query: gql(QUOTE), variables: SYMBOL });
  checkQuote(data);
});

test('a mutation by POST', async () => {
  const { data } = await http.mutate({ mutation: gql(CANCEL), variables: NO_ORDER });
  checkCancel(data);
});

test('a wrong document is told with its code', async () => {
  const wrong = http.query({ query: gql('{ nothing }') });
  await assert.rejects(wrong, (error) => code(error.errors) === 'GRAPHQL_VALIDATION_FAILED');
});

test('a query by GET', async () => {
  const link = new HttpLink({ uri: GET_GATEWAY, useGETForQueries: true });
  const { data } = await clientOf(link).query({ query: gql(QUOTE), variables: SYMBOL });
  checkQuote(data);
});

test('a subscription by multipart', async () => {
  checkQuotes(await first(3, watch(http, SYMBOLS)));
});

test('what ends a multipart subscription is told with its code', async () => {
  const [result] = await first(1, watch(http, UNKNOWN));
  assert.equal(code(result.error.errors), 'UNKNOWN_SYMBOL');
});

test('a subscription by graphql-ws beside queries by POST', async () => {
  const socket = createClient({ url: SOCKET });
  const client = clientOf(
    ApolloLink.split(
      ({ operationType }) => operationType === 'subscription',
      new GraphQLWsLink(socket),
      new HttpLink({ uri: GATEWAY }),
    ),
  );
  checkQuotes(await first(3, watch(client, SYMBOLS)));
  const { data } = await client.query({ query: gql(QUOTE), variables: SYMBOL });
  checkQuote(data);
  await socket.dispose();
});
