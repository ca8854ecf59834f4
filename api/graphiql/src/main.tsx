import './nonce';
import './workers';
import 'monaco-graphql/esm/monaco-editor.js';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './style.css';
import { createRoot } from 'react-dom/client';
import { Explorer } from './explorer';
import { readyTabs } from './tabs';

const root = document.getElementById('root');
if (root) createRoot(root).render(<Explorer tabs={await readyTabs()} />);
