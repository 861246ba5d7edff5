import * as vscode from 'vscode'

/** The result of a step of a flow. */
export type StepEnd<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'back' }
  | { readonly kind: 'given-up' }

export interface PickStep<Item extends vscode.QuickPickItem, T> extends Place {
  readonly placeholder: string
  readonly value?: string
  /** Called with the text at the start and after every change; the items replace the earlier ones. */
  readonly itemsFor: (text: string) => readonly Item[]
  /** What choosing an item does: it ends the step, puts another text into the box, or does nothing. */
  readonly take: (item: Item, text: string) => PickResult<T>
  /** Calls its argument when {@link itemsFor} may return other items for the same text. */
  readonly onDidChange?: (refresh: () => void) => vscode.Disposable
  readonly isBusy?: () => boolean
  /** Called with the text after every change, also by an item. */
  readonly onText?: (text: string) => void
}

/** The place of a box in its flow. `signal` closes it like a cancellation. */
export interface Place {
  readonly title: string
  readonly step?: number
  readonly totalSteps?: number
  /** Default: whether it is not the first step. */
  readonly canGoBack?: boolean
  readonly signal?: AbortSignal
}

export type PickResult<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'text'; readonly text: string }
  /** Ends the step as soon as this has a value, unless the text changes before. */
  | { readonly kind: 'wait'; readonly until: () => T | undefined }
  /** Shows something else, and then the box again. */
  | { readonly kind: 'aside'; readonly show: () => Promise<void> }
  | { readonly kind: 'stay' }

/** One box of a flow: a list and a line of text, with a Back button to the previous box. */
export function showPickStep<Item extends vscode.QuickPickItem, T>(
  options: PickStep<Item, T>,
): Promise<StepEnd<T>> {
  if (options.signal?.aborted) return Promise.resolve({ kind: 'given-up' })
  const pick = vscode.window.createQuickPick<Item & { readonly forText: string }>()
  pick.title = options.title
  pick.step = options.step
  pick.totalSteps = options.totalSteps
  pick.placeholder = options.placeholder
  pick.value = options.value ?? ''
  pick.ignoreFocusOut = true
  pick.matchOnDescription = false
  // The first row is the one that Enter takes. The editor has this property, and its types do not: without it, rows whose
  // label has the text in it come first, in its own order.
  if ('sortByLabel' in pick) pick.sortByLabel = false
  const { step = 1, canGoBack = step > 1 } = options
  if (canGoBack) pick.buttons = [vscode.QuickInputButtons.Back]
  let awaited: { readonly text: string; readonly until: () => T | undefined } | undefined
  let isAside = false
  const refresh = () => {
    pick.busy = options.isBusy?.() ?? false
    pick.items = itemsNow()
  }
  // The list is ours: the filtering of VS Code would hide completions in the middle of a text.
  const itemsNow = () =>
    options.itemsFor(pick.value).map((item) => ({ ...item, alwaysShow: true, forText: pick.value }))
  refresh()
  return new Promise((resolve, reject) => {
    const disposables: vscode.Disposable[] = [pick]
    const end = (result: StepEnd<T>) => {
      resolve(result)
      for (const disposable of disposables) disposable.dispose()
    }
    const changed = () => {
      awaited = undefined
      options.onText?.(pick.value)
      refresh()
    }
    const lookAgain = () => {
      refresh()
      const value = awaited?.text === pick.value ? awaited.until() : undefined
      if (value !== undefined) end({ kind: 'done', value })
    }
    const showAside = async (show: () => Promise<void>) => {
      isAside = true
      await show()
      isAside = false
      if (options.signal?.aborted === true) return
      refresh()
      pick.show()
    }
    disposables.push(
      pick.onDidChangeValue(changed),
      pick.onDidTriggerButton(() => end({ kind: 'back' })),
      pick.onDidHide(() => {
        if (!isAside) end({ kind: 'given-up' })
      }),
      pick.onDidAccept(() => {
        // Fast typists press Enter before the list is updated: then it means the first item of the next list.
        const [selected] = pick.selectedItems
        const item = selected?.forText === pick.value ? selected : itemsNow().find(isChoice)
        if (item === undefined) return
        const result = options.take(item, pick.value)
        switch (result.kind) {
          case 'done':
            return end(result)
          case 'wait':
            awaited = { text: pick.value, until: result.until }
            return lookAgain()
          case 'aside':
            return void showAside(result.show).catch(reject)
          case 'text':
            pick.value = result.text
            return changed()
        }
      }),
    )
    const { signal } = options
    const giveUp = () => end({ kind: 'given-up' })
    signal?.addEventListener('abort', giveUp)
    disposables.push(new vscode.Disposable(() => signal?.removeEventListener('abort', giveUp)))
    if (options.onDidChange !== undefined) disposables.push(options.onDidChange(lookAgain))
    pick.show()
  })
}

/** A box for one line of text, with a Back button where one can go back. */
export function showTextStep(options: {
  readonly title: string
  readonly prompt: string
  readonly value: string
  readonly isSecret: boolean
  readonly canGoBack: boolean
  /** Called with the text after every change. */
  readonly onText: (text: string) => void
}): Promise<StepEnd<string>> {
  const box = vscode.window.createInputBox()
  box.title = options.title
  box.prompt = options.prompt
  box.value = options.value
  box.password = options.isSecret
  box.ignoreFocusOut = true
  if (options.canGoBack) box.buttons = [vscode.QuickInputButtons.Back]
  return new Promise((resolve) => {
    const end = (result: StepEnd<string>) => {
      resolve(result)
      box.dispose()
    }
    box.onDidChangeValue(options.onText)
    box.onDidTriggerButton(() => end({ kind: 'back' }))
    box.onDidHide(() => end({ kind: 'given-up' }))
    box.onDidAccept(() => end({ kind: 'done', value: box.value }))
    box.show()
  })
}

function isChoice({ kind }: vscode.QuickPickItem): boolean {
  return kind !== vscode.QuickPickItemKind.Separator
}
