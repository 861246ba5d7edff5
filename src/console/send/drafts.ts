import type { Memento } from 'vscode'
import type { RunRequest } from '../../run/runRequest.ts'
import type { Draft } from './runPlan.ts'

/** What a person has typed for a run that was not sent, so that closing a box loses nothing. */
export interface TypedDraft {
  /** Text of the box for targets. */
  readonly targets?: string
  readonly command?: string
  /** Inputs of a snippet by name. Secrets are never among them. */
  readonly inputs?: Readonly<Record<string, string>>
  readonly options?: KeptOptions
}

/** Options that were changed in the review, and what they were changed in: nothing else gets them. */
interface KeptOptions {
  readonly of: string
  readonly changed: ChangedOptions
}

type ChangedOptions = Pick<RunRequest, 'timeoutMs' | 'rollout' | 'targets' | 'unseen'> & {
  readonly user?: string
  readonly directory?: string
}

/** Characters of one text that are kept: longer ones are not typed. */
const mostCharacters = 102_400
/** Drafts that are kept, the latest. */
const mostDrafts = 50
const mementoKey = 'drafts'

/** The drafts of this workspace, which a reload of the window leaves: of each environment, and of each snippet. */
export class Drafts {
  readonly #memento: Pick<Memento, 'get' | 'update'>

  constructor(memento: Pick<Memento, 'get' | 'update'>) {
    this.#memento = memento
  }

  /** @param key of an environment, or {@link snippetKey} */
  of(key: string): TypedDraft {
    return this.#all().find(([known]) => known === key)?.[1] ?? {}
  }

  note(key: string, change: TypedDraft): void {
    const { targets = '', command = '' } = change
    if (targets.length > mostCharacters || command.length > mostCharacters) return
    this.#keep([[key, { ...this.of(key), ...change }], ...this.#others(key)])
  }

  /**
   * A run was sent, so that what its boxes have asked for is no longer a draft. What else was typed stays.
   * @param start the parts that they did not ask for
   */
  sent(key: string, { filter, action }: Draft): void {
    const { targets, command } = this.of(key)
    const left = {
      ...(filter !== undefined && targets !== undefined && { targets }),
      ...(action !== undefined && command !== undefined && { command }),
    }
    this.forget(key)
    if (Object.keys(left).length > 0) this.note(key, left)
  }

  forget(key: string): void {
    if (this.#others(key).length < this.#all().length) this.#keep(this.#others(key))
  }

  #all(): readonly (readonly [string, TypedDraft])[] {
    return this.#memento.get(mementoKey, [])
  }

  #others(key: string) {
    return this.#all().filter(([known]) => known !== key)
  }

  #keep(drafts: readonly (readonly [string, TypedDraft])[]): void {
    // The editor writes them together, a moment later. Drafts that cannot be kept must not disturb who is typing.
    this.#memento.update(mementoKey, drafts.slice(0, mostDrafts)).then(undefined, () => {})
  }
}

/** The draft with the inputs of a snippet. */
export function snippetKey(snippet: { readonly uri: { toString(): string }; readonly name: string }): string {
  return `snippet ${snippet.uri.toString()}#${snippet.name}`
}

/** What the options of a request are kept for: the same action, targets and options before they were changed. */
export function optionsBase(request: RunRequest): string {
  const { action, filter, targets, timeoutMs, rollout, unseen } = request
  const what =
    action.kind === 'shell'
      ? action.command
      : action.kind === 'script'
        ? [action.name, action.args]
        : action.kind
  const how = [executed(action)?.user, executed(action)?.directory]
  return JSON.stringify([what, how, filter.text, targets, timeoutMs, rollout, unseen])
}

/** The options of a request after a person has changed some. */
export function changedOptions(request: RunRequest): ChangedOptions {
  const { action, timeoutMs, rollout, targets, unseen } = request
  const { user, directory } = executed(action) ?? {}
  return {
    timeoutMs,
    ...(rollout !== undefined && { rollout }),
    ...(targets !== undefined && { targets }),
    ...(unseen !== undefined && { unseen }),
    ...(user !== undefined && { user }),
    ...(directory !== undefined && { directory }),
  }
}

/** The request with the options that a person had given it before; as it is if they were given to another one. */
export function withKeptOptions(request: RunRequest, { options }: TypedDraft): RunRequest {
  if (options === undefined || options.of !== optionsBase(request)) return request
  const { rollout: _, targets: __, unseen: ___, ...rest } = request
  const { user, directory, ...changed } = options.changed
  const action = executed(request.action)
  if (action === undefined) return { ...rest, ...changed }
  const { user: ____, directory: _____, ...plain } = action
  const how = { ...(user !== undefined && { user }), ...(directory !== undefined && { directory }) }
  return { ...rest, ...changed, action: { ...plain, ...how } as typeof action }
}

function executed(action: RunRequest['action']) {
  return action.kind === 'shell' || action.kind === 'script' ? action : undefined
}
