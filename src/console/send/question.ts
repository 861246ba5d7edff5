import * as vscode from 'vscode'
import { orAborted } from '../../async/aborted.ts'
import { type Detail, printDetails } from '../../text/detail.ts'
import { visibleText } from '../../text/visibleText.ts'
import type { ReadOnlyDocuments } from '../documents/readOnlyDocuments.ts'
import { plainText } from '../text/plainText.ts'
import { untilAborted } from './cancellation.ts'
import type { Confirmation } from './confirmation.ts'

/** A question to the user before something is sent, with everything that they must be able to read. */
export interface Question {
  /** Name of the environment. */
  readonly environment: string
  /** What will happen, in a sentence. */
  readonly sentence: string
  /** What else they should know, such as how the fleet has changed. */
  readonly note: string | undefined
  readonly details: readonly Detail[]
  /** The agents, so that one of many can be found. */
  readonly agents: readonly { readonly agentId: string; readonly hostname: string }[]
  /** Confirming it runs nothing, but stops what runs. */
  readonly stops?: true
  /** Label of the button that confirms. */
  readonly yes: string
}

/** Where texts are shown that are too long for a dialog. */
export type Documents = Pick<ReadOnlyDocuments, 'keep'>

/**
 * A dialog of the system cuts longer texts, and the one of VS Code grows beyond the window; neither can be scrolled. Longer
 * texts open as a document instead.
 */
const dialogLines = 20
const dialogCharacters = 1_500

/** The same for the lines below an input box, which become one paragraph. */
const promptCharacters = 700

/** Lines at the top of an editor that the box of a question covers, and that cannot be scrolled into view. */
const coveredLines = 12

/** The longest value that is shown in one line with others. */
const shortCharacters = 200

/**
 * Asks as `confirmation` requires. What does not fit into the question is complete in a read-only document beside it, and the
 * question stays open while the user reads and searches that document.
 * @param signal closes the question if the editor allows it; this counts as no
 */
export async function askPerson(
  question: Question,
  confirmation: Confirmation,
  documents: Documents,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return false
  switch (confirmation.kind) {
    case 'none':
      return true
    case 'ask':
      return fitsDialog(question)
        ? askInDialog(question, signal)
        : besideDocument(question, documents, () => askInBox(question, signal))
    case 'type-name': {
      const ask = () => typeName(question, confirmation.name, signal)
      return fitsPrompt(question) ? ask() : besideDocument(question, documents, ask)
    }
  }
}

/** The complete text, for a document, with one line per agent, since `web37` cannot be found in `web[01-40]`. */
export function questionText({ sentence, note, details, agents }: Question): string {
  const each = agents.map(({ hostname, agentId }) => `    ${visibleText(hostname)}  ${visibleText(agentId)}`)
  return [
    ...Array(coveredLines).fill(''),
    visibleText(sentence),
    ...(note === undefined ? [] : ['', visibleText(note)]),
    ...[
      '',
      printDetails(details),
      '',
      vscode.l10n.t('Each of the agents ({0}):', agents.length),
      ...each,
      '',
    ],
  ].join('\n')
}

function fitsDialog(question: Question): boolean {
  const text = dialogText(question)
  return text.length <= dialogCharacters && text.split('\n').length <= dialogLines
}

function fitsPrompt({ details, note = '' }: Question): boolean {
  return details.every(isShort) && printDetails(details).length + note.length <= promptCharacters
}

function dialogText({ note, details }: Question): string {
  return [...(note === undefined ? [] : [visibleText(note), '']), printDetails(details)].join('\n')
}

async function askInDialog(question: Question, signal: AbortSignal): Promise<boolean> {
  const { sentence, yes } = question
  const options = { modal: true, detail: dialogText(question) }
  return (
    (await orAborted(vscode.window.showWarningMessage(visibleText(sentence), options, yes), signal)) === yes
  )
}

/** Unlike a dialog, a box lets the user scroll the document. Enter alone sends nothing. */
function askInBox(question: Question, signal: AbortSignal): Promise<boolean> {
  const { environment, sentence, yes } = question
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly isYes: boolean }>()
  pick.title = vscode.l10n.t('{0} on {1}?', yes, environment)
  pick.placeholder = vscode.l10n.t('Everything about it is in the document beside this box.')
  pick.ignoreFocusOut = true
  pick.items = [
    { label: `$(close) ${vscode.l10n.t('Send nothing')}`, isYes: false, alwaysShow: true },
    {
      label: `$(play) ${yes}`,
      detail: plainText(`${sentence} ${inOneLine(question)}`),
      ...{ isYes: true, alwaysShow: true },
    },
  ]
  return new Promise<boolean>((resolve) => {
    const end = (answer: boolean) => {
      resolve(answer)
      signal.removeEventListener('abort', giveUp)
      pick.dispose()
    }
    const giveUp = () => end(false)
    signal.addEventListener('abort', giveUp)
    pick.onDidAccept(() => end(pick.selectedItems[0]?.isYes === true))
    pick.onDidHide(giveUp)
    pick.show()
  })
}

/** An input box in which Enter works only with the exact name. Empty means no. */
async function typeName(question: Question, name: string, signal: AbortSignal): Promise<boolean> {
  const what = plainText(`${question.sentence} ${inOneLine(question)}`)
  const prompt =
    question.stops === true
      ? vscode.l10n.t('{0} Type {1} to stop all of it.', what, name)
      : vscode.l10n.t('{0} Type {1} to run it.', what, name)
  const { Info, Error: Wrong } = vscode.InputBoxValidationSeverity
  const options: vscode.InputBoxOptions = {
    title: vscode.l10n.t('{0} is protected', name),
    prompt,
    placeHolder: name,
    ignoreFocusOut: true,
    // VS Code closes the box at Enter unless the severity is error.
    validateInput: (value) =>
      value === name
        ? undefined
        : {
            // In words, too: themes of high contrast do not show the severity.
            message: name.startsWith(value)
              ? prompt
              : vscode.l10n.t('This is not the name of the environment. {0}', prompt),
            severity: value === '' ? Info : Wrong,
          },
  }
  return untilAborted(signal, async (token) => (await vscode.window.showInputBox(options, token)) === name)
}

/** The note and the details; long details are only named. */
function inOneLine({ note, details }: Question): string {
  const said = details.map((detail) =>
    isShort(detail)
      ? `${detail.name}: ${detail.value}`
      : vscode.l10n.t('{0}: in the document beside this box', detail.name),
  )
  const short =
    note === undefined || note.length <= promptCharacters / 2
      ? note
      : `${note.slice(0, promptCharacters / 2)}…`
  return `${short === undefined ? '' : `${short} `}${said.join(' · ')}.`
}

function isShort({ value }: Detail): boolean {
  return value.length <= shortCharacters && !value.includes('\n')
}

let shown = 0

/**
 * Shows the complete question in a separate editor, beside the active one.
 * @returns its URI
 */
export async function showDocument(question: Question, documents: Documents): Promise<vscode.Uri> {
  shown += 1
  const title = vscode.l10n.t('{0} on {1}', question.yes, question.environment).replaceAll('/', '-')
  const uri = documents.keep(`confirmations/${shown}/${title}.txt`, questionText(question))
  const document = await vscode.workspace.openTextDocument(uri)
  await vscode.window.showTextDocument(document, {
    viewColumn: vscode.ViewColumn.Beside,
    ...{ preview: false, preserveFocus: true },
  })
  return uri
}

/** Shows the document for as long as the question is open. */
async function besideDocument(
  question: Question,
  documents: Documents,
  ask: () => Promise<boolean>,
): Promise<boolean> {
  const uri = await showDocument(question, documents)
  try {
    return await ask()
  } finally {
    const { tabGroups } = vscode.window
    const tabs = tabGroups.all.flatMap((group) => group.tabs)
    const isIts = ({ input }: vscode.Tab) =>
      input instanceof vscode.TabInputText && input.uri.toString() === uri.toString()
    await tabGroups.close(tabs.filter(isIts)).then(undefined, () => {})
  }
}
