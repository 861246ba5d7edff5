import { createHash } from 'node:crypto'
import type { Detail } from '../text/detail.ts'
import { printDuration } from '../text/duration.ts'
import type { Translate } from '../text/translate.ts'
import { visibleText } from '../text/visibleText.ts'
import { actionText, printArguments } from './actionText.ts'
import { describeRollout } from './rolloutText.ts'
import type { RunRequest } from './runRequest.ts'

type Asked = Pick<RunRequest, 'action' | 'timeoutMs' | 'rollout' | 'secrets'>

/** Everything that is executed, and how: whole, but for the values of secrets. */
export function requestDetails(request: Asked, t: Translate): Detail[] {
  const { action, timeoutMs, rollout } = request
  const how = [
    { name: t('Timeout'), value: printDuration(timeoutMs) },
    { name: t('Rollout'), value: describeRollout(rollout, t) },
  ]
  if (action.kind === 'ping' || action.kind === 'facts')
    return [{ name: t('Action'), value: action.kind }, ...how]
  const { user, directory, environment = {} } = action
  const { secrets = [] } = request
  const variables = Object.entries(environment).map(([name, value]) =>
    visibleText(secrets.includes(name) ? t('{0} (secret)', name) : `${name}=${value}`),
  )
  return [
    ...(action.kind === 'shell'
      ? [{ name: t('Command'), value: visibleText(action.command) }]
      : scriptDetails(action, t)),
    { name: t('User'), value: user === undefined ? t('default of the agent') : visibleText(user) },
    {
      name: t('Directory'),
      value: directory === undefined ? t('default of the agent') : visibleText(directory),
    },
    ...(variables.length === 0 ? [] : [{ name: t('Variables'), value: variables.join('\n') }]),
    ...how,
  ]
}

type ScriptAction = Extract<RunRequest['action'], { kind: 'script' }>

function scriptDetails(action: ScriptAction, t: Translate): Detail[] {
  const { name, args } = action
  const text = visibleText(actionText(action).replace(/\n$/, ''))
  return [
    { name: t('Script'), value: `${visibleText(name)}, ${describeScript(action, t)}` },
    ...(args.length === 0 ? [] : [{ name: t('Parameters'), value: visibleText(printArguments(args)) }]),
    { name: t('Interpreter'), value: visibleText(interpreterOf(action) ?? t('shell of the agent')) },
    { name: t('Text of the script'), value: text },
  ]
}

/** What tells the script from every other: `1,234 bytes, SHA-256 ba78…`. */
export function describeScript({ content }: Pick<ScriptAction, 'content'>, t: Translate): string {
  const bytes = Buffer.from(content, 'base64')
  return t('{0} bytes, SHA-256 {1}', bytes.length, createHash('sha256').update(bytes).digest('hex'))
}

/** What runs the script: what was chosen, or its `#!` line. */
function interpreterOf({ interpreter, content }: ScriptAction): string | undefined {
  if (interpreter !== undefined) return interpreter
  return /^#!\s*(\S[^\n]*)/.exec(Buffer.from(content, 'base64').toString('utf8'))?.[1]?.trimEnd()
}
