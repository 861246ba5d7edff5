import { userInfo } from 'node:os'
import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import type { KnownAgent } from '../../master/fleet/fleetSnapshot.ts'
import { signingPostureOf } from '../../master/fleet/signingPosture.ts'
import { printKeyReference } from '../../signing/keyReference.ts'
import { about } from '../command.ts'
import type { ReadOnlyDocuments } from '../documents/readOnlyDocuments.ts'
import type { Connections } from '../environments/connections.ts'
import { messageOf } from '../text/messageOf.ts'
import { askKey } from './askKey.ts'
import type { EditorKeys } from './editorKeys.ts'
import { keyLines, keyName, policyText } from './policyText.ts'
import { saveKey } from './saveKey.ts'

type AskEnvironment = (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>

/**
 * "Set Up Signing…": chooses or creates a key, makes it the one that signs in an environment, and shows what belongs in the
 * policy of its servers. It changes nothing on a server: their administrator decides whose signature counts there.
 */
export function setUpSigning(
  ask: AskEnvironment,
  connections: Pick<Connections, 'refresh'>,
  keys: EditorKeys,
  documents: ReadOnlyDocuments,
) {
  return async (clicked?: unknown) => {
    const title = vscode.l10n.t('Set Up Signing')
    const declared = await ask(clicked, title)
    if (declared === undefined) return
    const environment = declared.environment.name
    const chosen = await about(declared, () => askKey(title, keys))
    if (chosen === undefined) return
    const { publicKey, fingerprint, place } = chosen
    const { agents, now } = await lookAt(declared, connections)
    const name = await askName(title, knownName(agents, fingerprint) ?? ownName())
    if (name === undefined) return
    const expires = await askExpiry(title, now)
    if (expires === undefined) return
    // Before a setting refers to it.
    await chosen.keep()
    const saved = await saveKey(declared, printKeyReference({ name, place }))
    if (saved === undefined) return
    const key = { name, publicKey, expires }
    await vscode.env.clipboard.writeText(keyLines(key))
    await documents.show(
      `signing/${environment}/Signing key ${name}.yaml`,
      policyText({ environment, key, fingerprint, saved, agents, now }, vscode.l10n.t),
      [
        {
          line: 0,
          title: `$(pulse) ${vscode.l10n.t('Doctor')}`,
          command: 'ec2-collective.doctor',
          arguments: [environment],
        },
      ],
    )
  }
}

/** The agents now, as far as they can be read: a key can be set up without them. */
async function lookAt(
  declared: DeclaredEnvironment,
  connections: Pick<Connections, 'refresh'>,
): Promise<{ readonly agents: readonly KnownAgent[] | string; readonly now: number }> {
  const title = vscode.l10n.t('Looking for agents of {0}…', declared.environment.name)
  const location = vscode.ProgressLocation.Notification
  try {
    const { master } = await vscode.window.withProgress({ location, title }, () =>
      connections.refresh(declared),
    )
    return { agents: master.inventory.agents(), now: master.signing.now }
  } catch (error) {
    return { agents: messageOf(error), now: Date.now() }
  }
}

/** The name under which agents have this key already. */
function knownName(agents: readonly KnownAgent[] | string, fingerprint: string): string | undefined {
  if (typeof agents === 'string') return undefined
  const keys = agents.flatMap(({ facts }) => signingPostureOf(facts).keys ?? [])
  const known = keys.find((key) => key.fingerprint === fingerprint)?.name
  return known !== undefined && keyName.test(known) ? known : undefined
}

function ownName(): string {
  const name = userInfo().username.replaceAll(/[^A-Za-z0-9._@-]/g, '-')
  return keyName.test(name) ? name : 'me'
}

function askName(title: string, suggested: string): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('Name of the key in the policies of the servers'),
    value: suggested,
    ignoreFocusOut: true,
    validateInput: (text) =>
      keyName.test(text)
        ? undefined
        : vscode.l10n.t('Use 1 to 64 letters, digits, or . _ @ -, beginning with a letter.'),
  })
}

const dayMs = 24 * 3600_000

/** @returns a day, as in 2027-12-31; empty: never */
function askExpiry(title: string, now: number): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('Day from which on the key is not accepted (UTC). Empty: it does not expire'),
    value: dayOf(now + 365 * dayMs),
    ignoreFocusOut: true,
    validateInput: (text) => problemWithExpiry(text, now),
  })
}

export function problemWithExpiry(text: string, now: number): string | undefined {
  if (text === '') return undefined
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at) || dayOf(at) !== text) return vscode.l10n.t('Use a date such as 2027-12-31.')
  return at > now ? undefined : vscode.l10n.t('This day has passed. Agents would refuse the key at once.')
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
