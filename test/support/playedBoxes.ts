import * as vscode from 'vscode'
import { until } from './until.ts'

/** The boxes of the editor where no editor runs, used as a person would. */
export interface PlayedBoxes {
  /** Of the box that is open. */
  readonly title: string
  readonly text: string
  /** Whether the text is hidden. */
  readonly isHidden: boolean
  /** What the next input boxes and lists of choices are answered; undefined is Escape. */
  readonly answers: (string | undefined)[]
  /** The rows of each list of choices so far. */
  readonly lists: string[][]
  type(text: string): void
  /** Enter: takes the first row. */
  accept(): void
  /** A click on the row with this text. */
  pick(label: string): void
  back(): void
  escape(): void
  /** Waits for the box with this title. */
  titled(title: string): Promise<void>
  /** Waits until a row of the box has this text. */
  shows(text: string): Promise<void>
  /** To be called after each test. */
  end(): void
}

interface Item extends vscode.QuickPickItem {
  readonly detail?: string
}

interface PlayedBox {
  isShown: boolean
  title: string
  value: string
  password: boolean
  items: Item[]
  selectedItems: Item[]
  type(text: string): void
  accept(row: number): void
  back(): void
  hide(): void
}

/** Plays `createQuickPick`, `createInputBox`, `showQuickPick`, `showInputBox` and progress. */
export function playBoxes(): PlayedBoxes {
  let open: PlayedBox | undefined
  const lists: string[][] = []
  const answers: (string | undefined)[] = []
  const played = {
    createInputBox: () =>
      box((shown) => {
        open = shown
      }),
    createQuickPick: () =>
      box((shown) => {
        open = shown
      }),
    showQuickPick: async (items: readonly Item[]) => {
      lists.push(items.map(({ label, detail }) => `${label}: ${detail ?? ''}`))
      open?.hide()
      const answer = answers.shift()
      return items.find(({ label }) => label === answer)
    },
    showInputBox: async () => {
      open?.hide()
      return answers.shift()
    },
    withProgress: async (_: object, act: (progress: object, token: object) => unknown) =>
      act({}, { onCancellationRequested: () => {} }),
  }
  Object.assign(vscode.window, played)
  const now = () => {
    if (open?.isShown !== true) throw new Error('No box is open.')
    return open
  }
  const rowsOf = () =>
    now().items.map((item) => `${item.label} ${item.description ?? ''} ${item.detail ?? ''}`)
  return {
    ...{ answers, lists },
    get title() {
      return now().title
    },
    get text() {
      return now().value
    },
    get isHidden() {
      return now().password
    },
    type: (text) => now().type(text),
    accept: () => now().accept(0),
    pick: (label) => now().accept(now().items.findIndex((item) => item.label.includes(label))),
    back: () => now().back(),
    escape: () => now().hide(),
    titled: (title) =>
      until(
        () => open?.isShown === true && open.title === title,
        `the box ${title}`,
        () => `, and saw: ${open?.title}`,
      ),
    shows: (text) =>
      until(
        () => open?.isShown === true && rowsOf().some((row) => row.includes(text)),
        `a row with ${text}`,
        () => `, and saw: ${open?.isShown === true ? rowsOf().join(' | ') : 'no box'}`,
      ),
    end: () => {
      for (const name of Object.keys(played)) Reflect.deleteProperty(vscode.window, name)
    },
  }
}

function box(show: (shown: PlayedBox) => void): PlayedBox {
  const changed = new vscode.EventEmitter<string>()
  const accepted = new vscode.EventEmitter<void>()
  const hidden = new vscode.EventEmitter<void>()
  const button = new vscode.EventEmitter<void>()
  const pick = {
    ...{
      isShown: false,
      title: '',
      value: '',
      password: false,
      items: [] as Item[],
      selectedItems: [] as Item[],
    },
    onDidChangeValue: changed.event,
    onDidAccept: accepted.event,
    onDidHide: hidden.event,
    onDidTriggerButton: button.event,
    onDidTriggerItemButton: () => new vscode.Disposable(() => {}),
    show: () => {
      pick.isShown = true
      show(pick)
    },
    hide: () => {
      if (!pick.isShown) return
      pick.isShown = false
      hidden.fire()
    },
    dispose: () => pick.hide(),
    type: (text: string) => {
      pick.value = text
      changed.fire(text)
    },
    accept: (row: number) => {
      pick.selectedItems = pick.items.slice(row, row + 1)
      accepted.fire()
    },
    back: () => button.fire(),
  }
  return pick
}
