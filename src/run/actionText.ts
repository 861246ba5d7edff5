import type { RunRequest } from './runRequest.ts'

type RunAction = RunRequest['action']

/** The name of an action: its command, its script with the parameters quoted for a shell, `ping` or `facts`. */
export function actionName(action: RunAction): string {
  if (action.kind === 'shell') return action.command
  return action.kind === 'script' ? printArguments([action.name, ...action.args]) : action.kind
}

/** Everything that an action executes: its command, the full text of its script, `ping` or `facts`. */
export function actionText(action: RunAction): string {
  if (action.kind === 'shell') return action.command
  return action.kind === 'script' ? Buffer.from(action.content, 'base64').toString('utf8') : action.kind
}

/** Parameters quoted for a shell. */
export function printArguments(args: readonly string[]): string {
  return args.map(quoteArgument).join(' ')
}

function quoteArgument(argument: string): string {
  return /^[\w./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`
}
