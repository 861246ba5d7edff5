import type { RunRequest } from './runRequest.ts'

type RunAction = RunRequest['action']

/** What an action is called: its command, its script with the parameters as a shell would need them, `ping` or `facts`. */
export function actionName(action: RunAction): string {
  if (action.kind === 'shell') return action.command
  return action.kind === 'script' ? printArguments([action.name, ...action.args]) : action.kind
}

/** What an action has executed, whole: its command, the text of its script, `ping` or `facts`. */
export function actionText(action: RunAction): string {
  if (action.kind === 'shell') return action.command
  return action.kind === 'script' ? Buffer.from(action.content, 'base64').toString('utf8') : action.kind
}

/** Parameters as a shell would need them. */
export function printArguments(args: readonly string[]): string {
  return args.map(quoteArgument).join(' ')
}

function quoteArgument(argument: string): string {
  return /^[\w./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`
}
