// graphql-codegen reads the schema from the running gateway and writes typed documents.
import assert from 'node:assert/strict';
import test from 'node:test';

import { generate } from '@graphql-codegen/cli';

import { CANCEL, GATEWAY, QUOTE, QUOTES } from './operations.mjs';

test('the client preset types queries, mutations and subscriptions', async () => {
  const files = await generate(
    {
      schema: GATEWAY,
      documents: [QUOTE, CANCEL, QUOTES],
      generates: { './generated/': { preset: 'client' } },
      silent: true,
    },
    false,
  );
  const typed = files.find(({ filename }) => filename.endsWith('graphql.ts')).content;
  for (const name of ['QuoteQuery', 'CancelMutation', 'QuotesSubscription'])
    assert.match(typed, new RegExp(`export type ${name} =`));
  assert.match(typed, /clientOrderId/);
});
