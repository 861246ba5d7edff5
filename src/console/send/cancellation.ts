import * as vscode from 'vscode'

/** A wait is shown once it takes this long, milliseconds: what flashes up and goes is of no use. */
const shownAfterMs = 1_000

/** Does `work` with the editor's kind of signal, which it takes to close boxes. */
export async function untilAborted<T>(
  signal: AbortSignal,
  work: (token: vscode.CancellationToken) => Promise<T>,
): Promise<T> {
  const source = new vscode.CancellationTokenSource()
  const cancel = () => source.cancel()
  signal.addEventListener('abort', cancel)
  if (signal.aborted) cancel()
  try {
    return await work(source.token)
  } finally {
    signal.removeEventListener('abort', cancel)
    source.dispose()
  }
}

/**
 * A wait that the user sees and can cancel, once it takes a moment.
 * @param stop aborted when they do
 */
export async function showWait<T>(title: string, stop: AbortController, work: Promise<T>): Promise<T> {
  const show = () =>
    vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (_, token) => {
        token.onCancellationRequested(() => stop.abort())
        return work.then(
          () => {},
          () => {},
        )
      },
    )
  const timer = setTimeout(show, shownAfterMs)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}
