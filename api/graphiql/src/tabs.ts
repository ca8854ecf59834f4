import { createLocalStorage } from '@graphiql/toolkit';
import bars from '../queries/bars.graphql';
import cancelOrder from '../queries/cancel_order.graphql';
import financials from '../queries/financials.graphql';
import orderUpdates from '../queries/order_updates.graphql';
import positions from '../queries/positions.graphql';
import quotes from '../queries/quotes.graphql';
import sectors from '../queries/sectors.graphql';
import submitOrder from '../queries/submit_order.graphql';
import samples from '../queries/variables.json';
import { ask } from './transport';

// A name of our own: other GraphiQL pages on the same host and port keep their tabs apart.
export const storage = createLocalStorage({ namespace: 'quantgraph' });
const SAVED_TABS = 'graphiql:tabState';

export interface Tab {
  query: string;
  variables: string;
}

const RULES =
  'query Band($symbol: Symbol!) { instrument(symbol: $symbol) { rules { band { lowerLimit } } } }';

const json = (value: unknown) => JSON.stringify(value, null, 2);

// The lowest price that the day allows: it rests until it is cancelled, however the market moves.
async function restingPrice(symbol: string): Promise<string | undefined> {
  const answer = await ask({ query: RULES, operationName: 'Band', variables: { symbol } });
  const found = answer.data?.instrument as
    | { rules: { band: { lowerLimit: string | null } | null } | null }
    | null
    | undefined;
  return found?.rules?.band?.lowerLimit ?? undefined;
}

/**
 * Return the ready tabs, or nothing where the reader's own are saved. The order's key is new and
 * its price is one that the market takes.
 */
export async function readyTabs(): Promise<Tab[] | undefined> {
  if (storage.getItem(SAVED_TABS) !== null) return undefined;
  const { input } = samples.submit_order;
  const clientOrderId = `explorer-${Date.now().toString(36)}`;
  const limitPrice = (await restingPrice(input.symbol).catch(() => undefined)) ?? input.limitPrice;
  return [
    { query: bars, variables: json(samples.bars) },
    { query: financials, variables: json(samples.financials) },
    { query: sectors, variables: json(samples.sectors) },
    { query: positions, variables: json(samples.positions) },
    { query: submitOrder, variables: json({ input: { ...input, clientOrderId, limitPrice } }) },
    { query: cancelOrder, variables: json({ input: { ...samples.cancel_order.input, clientOrderId } }) },
    { query: quotes, variables: json(samples.quotes) },
    { query: orderUpdates, variables: json(samples.order_updates) },
  ];
}
