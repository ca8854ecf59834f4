// What every client is asked to do, and what must come of it.
import assert from 'node:assert/strict';

import { WebSocket } from 'ws';

// Browsers have their own, Node has it from 22 on.
globalThis.WebSocket ??= WebSocket;

export const { GATEWAY, GET_GATEWAY } = process.env;
export const SOCKET = GATEWAY.replace('http', 'ws');

export const MODE = 'query Mode { serverInfo { mode } }';
export const QUOTE = 'query Quote($symbol: Symbol!) { quote(symbol: $symbol) { symbol lastPrice } }';
export const SYMBOL = { symbol: '600519.SH' };
export const CANCEL = `mutation Cancel($input: CancelOrderInput!) {
  cancelOrder(input: $input) { __typename ... on OrderNotFound { code } }
}`;
export const NO_ORDER = { input: { accountId: 'sim-1', clientOrderId: 'nobody-made-it' } };
export const QUOTES = `subscription Quotes($symbols: [Symbol!]) {
  quotes(symbols: $symbols) { kind sequence quote { lastPrice } }
}`;
export const SYMBOLS = { symbols: ['600519.SH'] };
export const UNKNOWN = { symbols: ['999999.SH'] };

export function checkQuote(data) {
  assert.equal(data.quote.symbol, '600519.SH');
  assert.ok(data.quote.lastPrice > 0);
}

export function checkCancel(data) {
  assert.equal(data.cancelOrder.__typename, 'OrderNotFound');
  assert.equal(data.cancelOrder.code, 'ORDER_NOT_FOUND');
}

// `subscribe` takes what is called with each result and with an error; it returns what ends it.
export const first = (count, subscribe) =>
  new Promise((resolve, reject) => {
    const found = [];
    let end;
    const next = (result) => {
      // A beat comes every 5 s, whatever else is told.
      if (result.data?.quotes?.kind === 'HEARTBEAT') return;
      if (found.push(result) === count) {
        // A client may call before it has returned what ends it.
        setImmediate(() => end());
        resolve(found.slice());
      }
    };
    end = subscribe(next, reject);
  });

export function checkQuotes(results) {
  const events = results.map((result) => result.data.quotes);
  assert.deepEqual(
    events.map((event) => event.kind),
    ['SNAPSHOT', 'UPDATE', 'UPDATE'],
  );
  assert.ok(events.every((event) => event.quote.lastPrice > 0));
}

export const code = (errors) => errors[0].extensions.code;
