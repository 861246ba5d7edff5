import * as vscode from 'vscode'
import { mergedSets } from '../../declarations/filterSets.ts'
import type { Snippet } from '../../declarations/snippet.ts'
import { parseWorkspaceFile } from '../../declarations/workspaceFile.ts'
import { type FilterSets, noSets } from '../../protocol/filter/filterSets.ts'
import { readRollout } from '../../run/rolloutText.ts'
import { parseDuration } from '../../text/duration.ts'
import type { WorkspaceFiles } from '../declarations/workspaceFiles.ts'
import { translated } from '../text/messageOf.ts'
import { askInputs } from './askInputs.ts'
import { type Drafts, snippetKey } from './drafts.ts'
import type { Draft } from './runPlan.ts'
import { scriptAction } from './scriptAction.ts'
import { snippetScript } from './scriptFile.ts'
import type { StepEnd } from './step.ts'

/** A snippet and its place. */
export interface FoundSnippet extends Snippet {
  readonly folder: string
  readonly uri: vscode.Uri
  /** Offset of its name in the file, in characters. */
  readonly offset: number
}

/** A snippet, or a whole file, that cannot be used. */
export interface UnusableSnippet {
  /** Name of the snippet, or of the file. */
  readonly name: string
  readonly messages: readonly string[]
  readonly uri: vscode.Uri
  readonly offset: number
}

/** Finds the environment that a snippet names. */
export type EnvironmentNamed = (name: string) => Promise<NonNullable<Draft['environment']>>

/** The snippets of the workspace's files. In an untrusted workspace they can be read, but not run. */
export class Snippets {
  readonly #files: WorkspaceFiles
  readonly #environmentNamed: EnvironmentNamed
  readonly #drafts: Drafts

  constructor(files: WorkspaceFiles, environmentNamed: EnvironmentNamed, drafts: Drafts) {
    this.#files = files
    this.#environmentNamed = environmentNamed
    this.#drafts = drafts
  }

  get onDidChange(): vscode.Event<void> {
    return this.#files.onDidChange
  }

  async all(): Promise<FoundSnippet[]> {
    return (await this.read()).snippets
  }

  /** The named sets of all files, for filters. In an untrusted workspace there are none. */
  async sets(): Promise<FilterSets> {
    if (!vscode.workspace.isTrusted) return noSets
    return mergedSets((await this.#files.read()).map(({ text }) => parseWorkspaceFile(text).sets))
  }

  /** Includes snippets that cannot be used and files with other problems, with the reasons. */
  async read(): Promise<{ readonly snippets: FoundSnippet[]; readonly unusable: UnusableSnippet[] }> {
    const files = (await this.#files.read()).map((file) => ({
      ...file,
      parsed: parseWorkspaceFile(file.text),
    }))
    return {
      snippets: files.flatMap(({ folder, uri, parsed }) =>
        parsed.snippets.map(({ at, ...snippet }) => ({
          ...snippet,
          folder,
          uri,
          offset: at.start,
        })),
      ),
      unusable: files.flatMap(({ uri, parsed: { unusable, problems } }) => [
        ...unusable.flatMap(({ section, name, messages, at }) =>
          section === 'snippets' ? [{ name, messages: messages.map(translated), uri, offset: at.start }] : [],
        ),
        ...problems.flatMap(({ entry, message, at }) =>
          entry === undefined
            ? [
                {
                  name: vscode.workspace.asRelativePath(uri),
                  messages: [translated(message)],
                  uri,
                  offset: at.start,
                },
              ]
            : [],
        ),
      ]),
    }
  }

  /**
   * @throws Error when no usable snippet or several have this name
   */
  async named(name: string): Promise<FoundSnippet> {
    const { snippets, unusable } = await this.read()
    const [found, ...others] = snippets.filter((snippet) => snippet.name === name)
    if (found !== undefined && others.length > 0) {
      const files = [found, ...others].map(({ uri }) => vscode.workspace.asRelativePath(uri)).join(', ')
      throw new Error(
        vscode.l10n.t(
          '{0} snippets are named “{1}” ({2}). Rename all but one.',
          others.length + 1,
          name,
          files,
        ),
      )
    }
    if (found !== undefined) return found
    const broken = unusable.find((snippet) => snippet.name === name)
    throw new Error(
      broken === undefined
        ? vscode.l10n.t('There is no snippet “{0}” in the workspace.', name)
        : vscode.l10n.t('The snippet “{0}” cannot be used. {1}', name, broken.messages.join(' ')),
    )
  }

  /**
   * @throws Error as {@link named}
   */
  async draftByName(name: string, inputs: Readonly<Record<string, string>>): Promise<Draft | undefined> {
    return this.draftOf(await this.named(name), inputs)
  }

  /**
   * The parts of a run that a snippet gives; asks for inputs that are missing.
   * @returns undefined when the user cancelled
   */
  async draftOf(snippet: FoundSnippet, given: Readonly<Record<string, string>>): Promise<Draft | undefined> {
    const end = await this.#draft(snippet, given, false)
    return end.kind === 'done' ? end.value : undefined
  }

  /** The same as a step of a flow, from which one can go back. */
  stepOf(snippet: FoundSnippet): Promise<StepEnd<Draft>> {
    return this.#draft(snippet, {}, true)
  }

  async #draft(
    snippet: FoundSnippet,
    given: Readonly<Record<string, string>>,
    canGoBack: boolean,
  ): Promise<StepEnd<Draft>> {
    if (!vscode.workspace.isTrusted) {
      throw new Error(vscode.l10n.t('This workspace is not trusted, so its snippets cannot be run.'))
    }
    const { declaration } = snippet
    const key = snippetKey(snippet)
    const { inputs: typed = {} } = this.#drafts.of(key)
    const onTyped = (inputs: Readonly<Record<string, string>>) => this.#drafts.note(key, { inputs })
    const end = await askInputs(snippet, given, { typed, onTyped }, canGoBack)
    if (end.kind !== 'done') return end
    const { timeout, rollout, environment } = declaration
    const { filter } = snippet
    const secrets = Object.entries(declaration.inputs ?? {}).flatMap(([name, input]) =>
      input?.secret ? [name] : [],
    )
    const readTimeout = timeout === undefined ? undefined : parseDuration(String(timeout))
    const readRolloutOf = rollout === undefined ? undefined : readRollout(rollout)
    const draft: Draft = {
      snippet: key,
      snippetName: snippet.name,
      action: await actionOf(snippet, end.value),
      ...(environment !== undefined && { environment: await this.#environmentNamed(environment) }),
      ...(filter !== undefined && { filter }),
      ...(readTimeout !== undefined && { timeoutMs: readTimeout }),
      ...(readRolloutOf !== undefined && { rollout: readRolloutOf }),
      ...(secrets.length > 0 && { secrets }),
      ...(declaration.view !== undefined && { view: declaration.view }),
    }
    return { kind: 'done', value: draft }
  }
}

async function actionOf(
  { name, declaration, uri }: FoundSnippet,
  environment: Readonly<Record<string, string>>,
): Promise<NonNullable<Draft['action']>> {
  const { command, script, file, interpreter, args = [], user, directory } = declaration
  const how = {
    ...(user !== undefined && { user }),
    ...(directory !== undefined && { directory }),
    ...(Object.keys(environment).length > 0 && { environment: { ...environment } }),
  }
  if (command !== undefined) return { kind: 'shell', command, ...how }
  if (file !== undefined) return { ...(await snippetScript(uri, file, args, interpreter)), ...how }
  return { ...scriptAction({ name, content: Buffer.from(script ?? ''), args, interpreter }), ...how }
}
