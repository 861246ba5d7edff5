import * as vscode from 'vscode'
import type { Profile, ProfileKind } from '../profile/awsFiles.ts'
import type { Profiles } from '../profile/profiles.ts'
import { plainText } from '../text/plainText.ts'

/** "Choose AWS Profile…": the profile for environments without one. */
export function chooseProfile(profiles: Profiles) {
  return async () => {
    const known = await profiles.list()
    const { chosen } = profiles
    const standard = {
      label: `${chosen === undefined ? '$(check)' : '$(blank)'} ${vscode.l10n.t('Default')}`,
      description: profiles.hasEnvironmentKeys()
        ? vscode.l10n.t('access keys from environment variables of VS Code')
        : vscode.l10n.t('credential chain of the AWS CLI'),
      name: undefined,
    }
    const items = known.map((profile) => ({
      label: `${profile.name === chosen ? '$(check)' : '$(blank)'} ${plainText(profile.name)}`,
      description: plainText(describeProfile(profile)),
      ...(profile.problem !== undefined && { detail: `$(warning) ${plainText(profile.problem)}` }),
      name: profile.name,
    }))
    const picked = await vscode.window.showQuickPick<{ label: string; name: string | undefined }>(
      [standard, ...items],
      {
        title: vscode.l10n.t('Choose AWS Profile'),
        placeHolder:
          known.length === 0
            ? vscode.l10n.t('No profile found in ~/.aws/config and ~/.aws/credentials')
            : vscode.l10n.t('Profile for environments without one'),
        matchOnDescription: true,
      },
    )
    if (picked !== undefined) await profiles.choose(picked.name)
  }
}

function describeProfile({ kind, role, account, region, mfaSerial, sources }: Profile): string {
  const parts = [
    kindInWords(kind),
    role?.replace(/^.*role\//, ''),
    account,
    sources.length > 0 ? vscode.l10n.t('from {0}', sources.join(' → ')) : undefined,
    mfaSerial === undefined ? undefined : vscode.l10n.t('requires an MFA code'),
    region,
  ]
  return parts.filter(Boolean).join(' · ')
}

function kindInWords(kind: ProfileKind): string {
  switch (kind) {
    case 'keys':
      return vscode.l10n.t('access keys')
    case 'role':
      return vscode.l10n.t('role')
    case 'sso':
      return vscode.l10n.t('SSO')
    case 'process':
      return vscode.l10n.t('external process')
    case 'web-identity':
      return vscode.l10n.t('web identity')
    case 'login':
      return vscode.l10n.t('console login')
    case 'unknown':
      return vscode.l10n.t('no credentials')
  }
}
