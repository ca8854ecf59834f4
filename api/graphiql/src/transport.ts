import type { Fetcher, FetcherParams } from '@graphiql/toolkit';
import { Kind, parse, type ExecutionResult, type OperationDefinitionNode } from 'graphql';
import { createClient, type Client } from 'graphql-ws';

// Relative to the page, so that the gateway may live below a path of another server.
const ENDPOINT = new URL('graphql', document.baseURI);
const SOCKET = new URL(ENDPOINT);
SOCKET.protocol = ENDPOINT.protocol === 'https:' ? 'wss:' : 'ws:';

// GraphiQL shows one result at a time: alone, a heartbeat would wipe out the fill before it.
const EVENTS_SHOWN = 10;

// Held here and nowhere else: not in the URL, not in any storage. A reload forgets it.
let key = '';
let client: Client | undefined;

/** Use another API key from now on; live subscriptions of the old one end. */
export function setKey(value: string): void {
  key = value;
  void client?.dispose();
  client = undefined;
}

/** Send one query or mutation and return what the gateway answered. */
export async function ask(params: FetcherParams): Promise<ExecutionResult> {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    credentials: 'omit',
    cache: 'no-store',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...(key && { 'x-api-key': key }),
    },
    body: JSON.stringify(params),
  });
  const text = await response.text();
  try {
    return JSON.parse(text) as ExecutionResult;
  } catch {
    throw new Error(`HTTP ${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
}

function socket(): Client {
  client ??= createClient({
    url: SOCKET.href,
    connectionParams: () => (key ? { 'x-api-key': key } : {}),
    // A dropped subscription is said, not silently begun anew: the reader would miss the gap.
    retryAttempts: 0,
  });
  return client;
}

async function* listen(params: FetcherParams): AsyncGenerator<ExecutionResult> {
  const { query, variables, operationName } = params;
  let earlier: unknown[] = [];
  try {
    for await (const event of socket().iterate({ query, variables, operationName })) {
      yield (earlier.length > 0 ? { ...event, earlier } : event) as ExecutionResult;
      earlier = [event.data, ...earlier].slice(0, EVENTS_SHOWN);
    }
  } catch (error) {
    if (!(error instanceof CloseEvent)) throw error;
    throw new Error(`The connection was closed: ${error.code} ${error.reason}`.trim());
  }
}

function operations(query: string): OperationDefinitionNode[] {
  try {
    return parse(query).definitions.filter(node => node.kind === Kind.OPERATION_DEFINITION);
  } catch {
    return []; // the gateway says what is wrong with it
  }
}

export const fetcher: Fetcher = params => {
  const found = operations(params.query);
  // Right after a change of tabs GraphiQL still gives the name of the other tab's operation.
  const name = found.length === 1 ? found[0]?.name?.value : params.operationName;
  const chosen = found.find(node => node.name?.value === name);
  const settled = { ...params, operationName: name };
  return chosen?.operation === 'subscription' ? listen(settled) : ask(settled);
};
