/** Follows the event stream of a submission or run, and falls back to asking where no stream can be had. */

export interface CaseEvent {
  position: number;
  name?: string;
  group: string;
  verdict: string | null;
  message: string;
}

export interface Handlers {
  stage(stage: string): void;
  case(result: CaseEvent): void;
  /** Called once, when the final state can be read from the server. */
  finished(): void | Promise<void>;
  /** Returns true when the server says judging is over. */
  poll(): Promise<boolean>;
}

const SILENCE_MS = 15_000;
const POLL_MS = 2_000;

/** Returns a function that stops following. */
export function follow(url: string, handlers: Handlers): () => void {
  let over = false;
  let pollTimer: number | undefined;
  let silenceTimer: number | undefined;
  const source = new EventSource(url);

  const stop = (): void => {
    over = true;
    source.close();
    window.clearTimeout(pollTimer);
    window.clearTimeout(silenceTimer);
  };
  const finish = (): void => {
    if (over) return;
    stop();
    void handlers.finished();
  };
  const poll = async (): Promise<void> => {
    if (over) return;
    let done = false;
    try {
      done = await handlers.poll();
    } catch {
      done = false; // the network may come back: ask again
    }
    if (done) finish();
    else pollTimer = window.setTimeout(() => void poll(), POLL_MS);
  };
  // A proxy that buffers the stream looks like silence; asking beside it costs little.
  const heard = (): void => {
    window.clearTimeout(silenceTimer);
    silenceTimer = window.setTimeout(() => void poll(), SILENCE_MS);
  };

  heard();
  source.addEventListener("stage", (event) => {
    heard();
    handlers.stage((JSON.parse(event.data as string) as { stage: string }).stage);
  });
  source.addEventListener("case", (event) => {
    heard();
    handlers.case(JSON.parse(event.data as string) as CaseEvent);
  });
  source.addEventListener("finished", finish);
  source.addEventListener("error", () => {
    if (!over && source.readyState === EventSource.CLOSED) void poll();
  });
  return stop;
}
