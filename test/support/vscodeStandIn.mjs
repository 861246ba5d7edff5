// @ts-check
// What stands in for the editor's API where no editor runs: for unit tests of the console, and to activate the built
// extension in plain Node. Every call of a function is taken down in `calls`; events and disposables are real ones.
// Only what the tests need does anything: a function without a part of its own answers undefined, or, where the editor
// would hand out something to dispose of, an object whose functions are taken down in turn.
import { join } from 'node:path'

/** Calls so far, such as `window.createStatusBarItem`. @type {{ name: string, args: unknown[] }[]} */
export const calls = []

/** What functions without a part of their own answer, such as `window.showInformationMessage`. @type {Record<string, unknown>} */
export const answers = {}

/** What was handed out so far, for tests to look at and to use as a person would. */
export const made = {
  statusBarItems: /** @type {(import('vscode').StatusBarItem & { readonly isShown: boolean })[]} */ ([]),
  /** Options, and the events that VS Code would fire. @type {ReturnType<typeof makeTreeView>[]} */
  treeViews: [],
}

export class EventEmitter {
  /** @type {Set<(value: any) => void>} */
  #listeners = new Set()
  event = (/** @type {(value: any) => void} */ listener) => {
    this.#listeners.add(listener)
    return new Disposable(() => this.#listeners.delete(listener))
  }
  /** @param {any} [value] */
  fire(value) {
    for (const listener of [...this.#listeners]) listener(value)
  }
  dispose() {
    this.#listeners.clear()
  }
}

export class Disposable {
  #end
  /** @param {() => unknown} end */
  constructor(end) {
    this.#end = end
  }
  dispose() {
    this.#end()
  }
  /** @param {{ dispose(): unknown }[]} all */
  static from(...all) {
    return new Disposable(() => all.forEach((each) => void each.dispose()))
  }
}

/**
 * What stands in the settings, by whole name: by scope `user`, `workspace`, or the URI of a folder. Cleared and filled by
 * tests; `update` of a configuration changes it.
 *
 * @type {Record<string, Record<string, unknown>>}
 */
export const settings = { user: {}, workspace: {} }

const configurationChanged = new EventEmitter()

/** @param {string} section @param {{ uri: { toString(): string } }} [folder] */
function configurationOf(section, folder) {
  const scopes = ['user', 'workspace', folder === undefined ? '' : folder.uri.toString()]
  const valueIn = (/** @type {string | undefined} */ scope, /** @type {string} */ name) =>
    settings[scope ?? '']?.[`${section}.${name}`]
  return {
    get: (/** @type {string} */ name, /** @type {unknown} */ fallback) =>
      scopes.map((scope) => valueIn(scope, name)).findLast((value) => value !== undefined) ?? fallback,
    inspect: (/** @type {string} */ name) => {
      const [globalValue, workspaceValue, workspaceFolderValue] = scopes.map((scope) => valueIn(scope, name))
      return { globalValue, workspaceValue, workspaceFolderValue }
    },
    update: async (
      /** @type {string} */ name,
      /** @type {unknown} */ value,
      /** @type {number} */ target,
    ) => {
      const scope = scopes[target - 1] ?? ''
      const { [`${section}.${name}`]: _, ...rest } = settings[scope] ?? {}
      settings[scope] = value === undefined ? rest : { ...rest, [`${section}.${name}`]: value }
      configurationChanged.fire({
        affectsConfiguration: (/** @type {string} */ wanted) =>
          `${section}.${name}`.startsWith(wanted) || wanted.startsWith(`${section}.${name}`),
      })
    },
  }
}

export class CancellationTokenSource {
  #cancelled = new EventEmitter()
  token = { isCancellationRequested: false, onCancellationRequested: this.#cancelled.event }
  cancel() {
    this.token.isCancellationRequested = true
    this.#cancelled.fire()
  }
  dispose() {
    this.#cancelled.dispose()
  }
}

export class CancellationError extends Error {}

export class Uri {
  /** @param {string} scheme @param {string} path */
  constructor(scheme, path) {
    this.scheme = scheme
    this.path = path
  }
  get fsPath() {
    return this.path
  }
  toString() {
    return `${this.scheme}://${this.path}`
  }
  /** @param {string} path */
  static file(path) {
    return new Uri('file', path)
  }
  /** @param {{ scheme: string, path: string }} parts */
  static from({ scheme, path }) {
    return new Uri(scheme, path)
  }
  /** @param {string} text */
  static parse(text) {
    const [scheme = '', path = ''] = text.split('://')
    return new Uri(scheme, path)
  }
  /** @param {Uri} base @param {...string} parts */
  static joinPath(base, ...parts) {
    return new Uri(base.scheme, join(base.path, ...parts))
  }
}

export class RelativePattern {}

export class TabInputText {
  /** @param {Uri} uri */
  constructor(uri) {
    this.uri = uri
  }
}

export class TabInputWebview {
  /** @param {string} viewType */
  constructor(viewType) {
    this.viewType = viewType
  }
}

export class Range {
  /** @param {unknown} start @param {unknown} end */
  constructor(start, end) {
    this.start = start
    this.end = end
  }
  /** By offset, as documents of test/support/documents.ts give places. @param {any} other */
  intersection(other) {
    const [start, end] = [this.start, this.end].map((/** @type {any} */ place) => place.offset)
    return start <= other.end.offset && other.start.offset <= end ? this : undefined
  }
}

export const DiagnosticSeverity = { Error: 0, Warning: 1, Information: 2, Hint: 3 }

export class Diagnostic {
  /** @param {Range} range @param {string} message @param {number} severity */
  constructor(range, message, severity) {
    this.range = range
    this.message = message
    this.severity = severity
  }
}

export const CodeActionKind = { QuickFix: 'quickfix' }

export class CodeAction {
  /** @param {string} title @param {string} kind */
  constructor(title, kind) {
    this.title = title
    this.kind = kind
  }
}

/** Holds what was asked for; `openDocuments` of test/support/documents.ts does it. */
export class WorkspaceEdit {
  /** @type {({ uri: Uri, range: Range, text: string } | { uri: Uri, contents: Uint8Array })[]} */
  changes = []
  /** @param {Uri} uri @param {Range} range @param {string} text */
  replace(uri, range, text) {
    this.changes.push({ uri, range, text })
  }
  /** @param {Uri} uri @param {{ contents: Uint8Array }} options */
  createFile(uri, { contents }) {
    this.changes.push({ uri, contents })
  }
}

export class ThemeIcon {
  /** @param {string} id @param {ThemeColor} [color] */
  constructor(id, color) {
    this.id = id
    this.color = color
  }
}

export class ThemeColor {
  /** @param {string} id */
  constructor(id) {
    this.id = id
  }
}

export class MarkdownString {
  /** @param {string} [value] */
  constructor(value = '') {
    this.value = value
  }
  /** @param {string} text */
  appendText(text) {
    this.value += text
    return this
  }
  /** @param {string} text */
  appendMarkdown(text) {
    return this.appendText(text)
  }
  /** @param {string} code */
  appendCodeblock(code) {
    return this.appendText(`\n${code}\n`)
  }
}

export class Hover {
  /** @param {unknown} contents */
  constructor(contents) {
    this.contents = contents
  }
}

export class SnippetString {
  /** @param {string} [value] */
  constructor(value = '') {
    this.value = value
  }
}

export class CompletionItem {
  /** @param {string} label @param {number} [kind] */
  constructor(label, kind) {
    this.label = label
    this.kind = kind
  }
}

export const CompletionItemKind = { Field: 4, Property: 9, Value: 11 }

export class TreeItem {
  /** @param {string} label @param {number} [collapsibleState] */
  constructor(label, collapsibleState) {
    this.label = label
    this.collapsibleState = collapsibleState
  }
}

export class CustomExecution {
  /** @param {unknown} callback */
  constructor(callback) {
    this.callback = callback
  }
}

export class Task {
  /** @param {unknown} definition @param {unknown} scope @param {string} name @param {string} source @param {unknown} execution */
  constructor(definition, scope, name, source, execution) {
    Object.assign(this, { definition, scope, name, source, execution })
  }
}

export class CodeLens {
  /** @param {Range} range @param {unknown} command */
  constructor(range, command) {
    this.range = range
    this.command = command
  }
}

export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 }
export const StatusBarAlignment = { Left: 1, Right: 2 }
export const QuickInputButtons = { Back: new ThemeIcon('arrow-left') }
export const QuickPickItemKind = { Separator: -1, Default: 0 }
export const ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 }
export const ProgressLocation = { SourceControl: 1, Window: 10, Notification: 15 }
export const InputBoxValidationSeverity = { Info: 1, Warning: 2, Error: 3 }
export const ViewColumn = { Active: -1, Beside: -2 }
export const FileType = { Unknown: 0, File: 1, Directory: 2, SymbolicLink: 64 }
export const TaskScope = { Global: 1, Workspace: 2 }

export const l10n = {
  /** @param {string} message @param {...unknown} values */
  t: (message, ...values) =>
    message.replace(/\{(\d+)\}/g, (hole, index) => String(values[Number(index)] ?? hole)),
}

export const window = recorded('window', {
  // Closed without an answer.
  showErrorMessage: async () => undefined,
  tabGroups: { all: /** @type {unknown[]} */ ([]), close: async () => true },
  createTreeView: (/** @type {string} */ _id, /** @type {unknown} */ options) => {
    const treeView = makeTreeView(options)
    made.treeViews.push(treeView)
    return treeView.view
  },
  createStatusBarItem: () => {
    const item = /** @type {any} */ ({
      isShown: false,
      show() {
        this.isShown = true
      },
      hide() {
        this.isShown = false
      },
      dispose() {},
    })
    made.statusBarItems.push(item)
    return item
  },
})

/** @param {any} options */
function makeTreeView(options) {
  const [expanded, collapsed, visibility] = [new EventEmitter(), new EventEmitter(), new EventEmitter()]
  const view = {
    visible: true,
    badge: /** @type {import('vscode').ViewBadge | undefined} */ (undefined),
    onDidExpandElement: expanded.event,
    onDidCollapseElement: collapsed.event,
    onDidChangeVisibility: visibility.event,
    dispose() {},
  }
  return { options, view, expanded, collapsed, visibility }
}

export const workspace = recorded('workspace', {
  isTrusted: true,
  workspaceFolders: [],
  textDocuments: [],
  workspaceFile: undefined,
  getConfiguration: configurationOf,
  onDidChangeConfiguration: configurationChanged.event,
  fs: recorded('workspace.fs', {}),
})

export const commands = recorded('commands', {})
export const env = recorded('env', {})
export const languages = recorded('languages', {})
export const tasks = recorded('tasks', {})

/**
 * @param {string} room
 * @param {Record<string, unknown>} own
 * @returns {any}
 */
function recorded(room, own) {
  return new Proxy(own, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof name !== 'string' || (value !== undefined && typeof value !== 'function')) return value
      return (/** @type {unknown[]} */ ...args) => {
        calls.push({ name: `${room}.${name}`, args })
        if (typeof value === 'function') return value(...args)
        const answer = answers[`${room}.${name}`]
        if (answer !== undefined) return answer
        return givesSomething.test(name) ? recorded(`${room}.${name}`, {}) : undefined
      }
    },
  })
}

const givesSomething = /^(create|register|on[A-Z])/
