import { useEffect, useState } from 'react';
import { ask } from './transport';

export interface ServerInfo {
  mode: 'MOCK' | 'DEV' | 'PROD';
  version: string;
  clock: { now: string; simulated: boolean };
}

/** What the banner knows: nothing yet, an answer, a refusal for want of a key, or silence. */
export type Status = ServerInfo | 'connecting' | 'locked' | 'away';

const QUERY = 'query ServerInfo { serverInfo { mode version clock { now simulated } } }';
const POLL_MS = 5_000;

async function look(): Promise<Status> {
  try {
    const answer = await ask({ query: QUERY, operationName: 'ServerInfo' });
    const info = answer.data?.serverInfo as ServerInfo | null | undefined;
    if (info) return info;
    return answer.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED' ? 'locked' : 'away';
  } catch {
    return 'away';
  }
}

/** Ask again and again: a gateway that was restarted in another mode must not look like the old. */
export function useStatus(revision: number): Status {
  const [status, setStatus] = useState<Status>('connecting');
  useEffect(() => {
    let current = true;
    const update = async () => {
      const seen = await look();
      if (current) setStatus(seen);
    };
    void update();
    const timer = setInterval(() => document.hidden || void update(), POLL_MS);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [revision]);
  return status;
}
