// The names carry a hash of the content, which only the build knows.
declare const WORKER_FILES: Record<'editor' | 'json' | 'graphql', string>;

const start = (file: string) => new Worker(new URL(file, import.meta.url));

globalThis.MonacoEnvironment = {
  getWorker(_id: string, label: string) {
    if (label === 'json') return start(WORKER_FILES.json);
    if (label === 'graphql') return start(WORKER_FILES.graphql);
    return start(WORKER_FILES.editor);
  },
};

export {};
