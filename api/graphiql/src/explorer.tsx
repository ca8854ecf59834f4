import { useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useState } from 'react';
import { Banner } from './banner';
import { useStatus } from './status';
import { storage, type Tab } from './tabs';
import { fetcher, setKey } from './transport';

function Introspect({ revision }: { revision: number }) {
  const { introspect } = useGraphiQLActions();
  useEffect(() => {
    if (revision > 0) void introspect();
  }, [revision, introspect]);
  return null;
}

/** The whole page; `tabs` are the ready ones, or nothing where the reader has their own already. */
export function Explorer({ tabs }: { tabs: Tab[] | undefined }) {
  const [revision, setRevision] = useState(0);
  const [entered, setEntered] = useState('');
  const status = useStatus(revision);

  const changeKey = (key: string) => {
    if (key === entered) return;
    setKey(key);
    setEntered(key);
    setRevision(count => count + 1);
  };
  const resetTabs = () => {
    storage.clear();
    location.reload();
  };

  return (
    <>
      <Banner status={status} onKey={changeKey} onReset={resetTabs} />
      <main>
        {/* No header editor: GraphiQL's history would write a key typed there to the disk. */}
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          defaultTabs={tabs}
          initialVariables={tabs?.[0]?.variables}
          defaultEditorToolsVisibility="variables"
          isHeadersEditorEnabled={false}
          shouldPersistHeaders={false}
          schemaDescription
        >
          <GraphiQL.Logo>
            <Introspect revision={revision} />
          </GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}
