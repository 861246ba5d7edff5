import * as vscode from 'vscode'
import {
  type DeclaredEnvironment,
  describeOrigin,
  notableEndpoint,
} from '../../declarations/declaredEnvironment.ts'
import { environmentIcon } from '../environments/environmentIcon.ts'
import { plainText } from '../text/plainText.ts'
import { type Place, type StepEnd, showPickStep } from './step.ts'

/** Asks for an environment. Skips the question if there is only one, unless that is protected. */
export function pickEnvironment(
  all: readonly DeclaredEnvironment[],
  place: Place,
): Promise<StepEnd<DeclaredEnvironment>> {
  const items = all.map((declared) => ({
    label: declared.environment.name,
    description: describeEnvironment(declared),
    iconPath: environmentIcon(declared.environment),
    declared,
  }))
  return showPickStep({
    ...place,
    placeholder: vscode.l10n.t('Environment'),
    itemsFor: (text) => items.filter(({ label }) => label.toLowerCase().includes(text.trim().toLowerCase())),
    take: ({ declared }) => ({ kind: 'done', value: declared }),
  })
}

function describeEnvironment(declared: DeclaredEnvironment): string {
  const { environment, origin } = declared
  const parts = [
    environment.protected ? vscode.l10n.t('protected') : undefined,
    plainText(describeOrigin(origin, vscode.l10n.t) ?? ''),
    environment.endpoint === undefined ? environment.region : notableEndpoint(declared),
    environment.profile && plainText(environment.profile),
  ]
  return parts.filter(Boolean).join(' · ')
}
