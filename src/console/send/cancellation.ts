import * as vscode from 'vscode'

/** A wait is shown once it takes this long, milliseconds: shorter ones would only flash. */
const shownAfterMs = 250

/** Runs `work` with a cancellation token of the editor, which closes boxes. */
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

/** What a wait is for. */
export interface Stoppable {
  /** Whether the user already sees that it takes a moment. */
  readonly isWatched?: boolean
  stop(): void
}

/** A wait that the user can see and cancel once it takes a moment. */
export async function showWait<T>(title: string, waiting: Stoppable, work: Promise<T>): Promise<T> {
  const show = () => {
    if (waiting.isWatched === true) return
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (_, token) => {
        token.onCancellationRequested(() => waiting.stop())
        return work.then(
          () => {},
          () => {},
        )
      },
    )
  }
  const timer = setTimeout(show, shownAfterMs)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}
