declare module '*.graphql' {
  const text: string;
  export default text;
}
declare module '*.css';
declare module 'monaco-graphql/esm/monaco-editor.js';

interface Window {
  MonacoEnvironment?: { getWorker(id: string, label: string): Worker };
}
// `globalThis.MonacoEnvironment` is typed through a var, not through Window.
declare var MonacoEnvironment: Window['MonacoEnvironment'];
