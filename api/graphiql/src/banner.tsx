import type { Status } from './status';
import { words } from './words';

interface Props {
  status: Status;
  onKey(key: string): void;
  onReset(): void;
}

function Mode({ status }: { status: Status }) {
  if (typeof status === 'string') return <p className={`mode ${status}`}>{words[status]}</p>;
  return (
    <p className="mode">
      <strong>{status.mode}</strong> <span>{words[status.mode]}</span>
    </p>
  );
}

function Clock({ status }: { status: Status }) {
  if (typeof status === 'string') return null;
  const { now, simulated } = status.clock;
  return (
    <time dateTime={now} title={now}>
      {now.slice(0, 19).replace('T', ' ')} {simulated && <small>{words.simulated}</small>}
    </time>
  );
}

/** The bar above GraphiQL: which world this is, what time it is there, and the caller's key. */
export function Banner({ status, onKey, onReset }: Props) {
  const known = typeof status === 'string' ? undefined : status;
  return (
    <header className="banner" data-mode={known?.mode ?? status}>
      <h1>
        quant<em>graph</em> {known && <small>{known.version}</small>}
      </h1>
      <Mode status={status} />
      <Clock status={status} />
      <form
        onSubmit={event => {
          event.preventDefault();
          onKey(String(new FormData(event.currentTarget).get('key') ?? '').trim());
        }}
      >
        <input
          name="key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          aria-label={words.key}
          placeholder={words.key}
          title={words.keyHint}
          onBlur={event => event.currentTarget.form?.requestSubmit()}
        />
        <button type="button" title={words.resetHint} onClick={onReset}>
          {words.reset}
        </button>
      </form>
    </header>
  );
}
