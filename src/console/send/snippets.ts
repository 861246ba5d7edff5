import * as vscode from 'vscode'
import { parseDuration } from '../../declarations/duration.ts'
import { readRollout } from '../../declarations/rolloutText.ts'
import type { Snippet } from '../../declarations/snippet.ts'
import { parseWorkspaceFile } from '../../declarations/workspaceFile.ts'
import { readFilter } from '../../protocol/filter/writtenFilter.ts'
import type { WorkspaceFiles } from '../declarations/workspaceFiles.ts'
import { askInputs } from './askInputs.ts'
import type { Draft } from './runPlan.ts'
import { scriptAction } from './scriptAction.ts'
import { fileScript } from './scriptFile.ts'

/** A snippet and where it stands. */
export interface FoundSnippet extends Snippet {
  readonly folder: string
  readonly uri: vscode.Uri
  /** Character of its name in the file. */
  readonly offset: number
}

/** Finds the environment that a snippet names. */
export type EnvironmentNamed = (name: string) => Promise<NonNullable<Draft['environment']>>

/** The snippets of the workspace's files. In an untrusted workspace they can be read, but not run. */
export class Snippets {
  readonly #files: WorkspaceFiles
  readonly #environmentNamed: EnvironmentNamed

  constructor(files: WorkspaceFiles, environmentNamed: EnvironmentNamed) {
    this.#files = files
    this.#environmentNamed = environmentNamed
  }

  get onDidChange(): vscode.Event<void> {
    return this.#files.onDidChange
  }

  async all(): Promise<FoundSnippet[]> {
    return (await this.#files.read()).flatMap(({ folder, uri, text }) =>
      parseWorkspaceFile(text).snippets.map(({ name, declaration, at }) => ({
        name,
        declaration,
        folder,
        uri,
        offset: at.start,
      })),
    )
  }

  /**
   * @throws Error when there is none of this name
   */
  async draftByName(name: string, inputs: Readonly<Record<string, string>>): Promise<Draft | undefined> {
    const snippet = (await this.all()).find((candidate) => candidate.name === name)
    if (snippet === undefined)
      throw new Error(vscode.l10n.t('There is no snippet “{0}” in the workspace.', name))
    return this.draftOf(snippet, inputs)
  }

  /**
   * What a snippet says of a run; asks for inputs that are not given.
   * @returns undefined when the user gave up
   */
  async draftOf(snippet: Snippet, given: Readonly<Record<string, string>>): Promise<Draft | undefined> {
    if (!vscode.workspace.isTrusted) {
      throw new Error(vscode.l10n.t('This workspace is not trusted: its snippets can be read, but not run.'))
    }
    const { declaration } = snippet
    const values = await askInputs(snippet, given)
    if (values === undefined) return undefined
    const { filter, timeout, rollout, environment } = declaration
    const secrets = Object.entries(declaration.inputs ?? {}).flatMap(([name, input]) =>
      input?.secret ? [name] : [],
    )
    const readTimeout = timeout === undefined ? undefined : parseDuration(String(timeout))
    const readRolloutOf = rollout === undefined ? undefined : readRollout(rollout)
    return {
      action: await actionOf(snippet, values),
      ...(environment !== undefined && { environment: await this.#environmentNamed(environment) }),
      ...(filter !== undefined && { filter: readFilter(filter) }),
      ...(readTimeout !== undefined && { timeoutMs: readTimeout }),
      ...(readRolloutOf !== undefined && { rollout: readRolloutOf }),
      ...(secrets.length > 0 && { secrets }),
    }
  }
}

async function actionOf(
  { name, declaration }: Snippet,
  environment: Readonly<Record<string, string>>,
): Promise<NonNullable<Draft['action']>> {
  const { command, script, file, interpreter, args = [], user, directory } = declaration
  const how = {
    ...(user !== undefined && { user }),
    ...(directory !== undefined && { directory }),
    ...(Object.keys(environment).length > 0 && { environment: { ...environment } }),
  }
  if (command !== undefined) return { kind: 'shell', command, ...how }
  if (file !== undefined) return { ...(await fileScript(file, args, interpreter)), ...how }
  return { ...scriptAction({ name, content: Buffer.from(script ?? ''), args, interpreter }), ...how }
}
