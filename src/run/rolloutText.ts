import { parseDuration, printDuration } from '../text/duration.ts'
import { LocalizableError, say } from '../text/localizable.ts'
import type { Translate } from '../text/translate.ts'
import type { Amount, Rollout } from './runRequest.ts'

/** A rollout as it is written by hand. `pause` is a duration such as `30s`; a bare number means seconds. */
export interface WrittenRollout {
  readonly canary?: number | string | undefined
  readonly batch?: number | string | undefined
  readonly window?: number | string | undefined
  readonly pause?: number | string | undefined
  readonly maxFailures?: number | string | undefined
}

/** Names of the parts in the place where they were written, for error messages. */
export type RolloutNames = Readonly<Record<keyof WrittenRollout, string>>

const namesInFiles: RolloutNames = {
  canary: 'canary',
  batch: 'batch',
  window: 'window',
  pause: 'pause',
  maxFailures: 'maxFailures',
}
const namesInText: RolloutNames = { ...namesInFiles, maxFailures: 'failures' }

/**
 * Understands `canary=1 batch=10% pause=30s failures=5%`, in any order and each part optional.
 * @throws LocalizableError that names the part that is not understood; also as {@link checkSteps}
 */
export function parseRolloutText(text: string): Rollout | undefined {
  const written: Partial<Record<keyof WrittenRollout, string>> = {}
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const [, name, value = ''] = /^([^=]*)=(.+)$/.exec(part) ?? []
    const key = keysOf(namesInText).find((each) => namesInText[each] === name)
    if (key === undefined) throw notUnderstood(part)
    if (written[key] !== undefined) throw new LocalizableError(say('“{0}” appears twice', namesInText[key]))
    written[key] = value
  }
  checkSteps(written, namesInText)
  return readRollout(written, namesInText)
}

/**
 * @returns undefined when nothing is written: all agents start at once
 * @throws LocalizableError that names the part that is wrong
 */
export function readRollout(written: WrittenRollout, names = namesInFiles): Rollout | undefined {
  const { canary, batch, window, pause, maxFailures } = written
  if (batch !== undefined && window !== undefined)
    throw new LocalizableError(
      say('{0} and {1} exclude each other: use steps, or a window', names.batch, names.window),
    )
  const rollout: Rollout = {
    ...(canary !== undefined && { canary: readCount(canary, names.canary) }),
    ...(batch !== undefined && { batch: readAgents(batch, names.batch) }),
    ...(window !== undefined && { window: readAgents(window, names.window) }),
    ...(pause !== undefined && { pauseMs: readPause(pause, names.pause) }),
    ...(maxFailures !== undefined && { maxFailures: readAmount(maxFailures, names.maxFailures) }),
  }
  return Object.keys(rollout).length === 0 ? undefined : rollout
}

/**
 * Rejects a rollout that was just written with only a pause or a number of failures: it looks like steps, but all agents
 * would start at once.
 * @throws LocalizableError
 */
export function checkSteps(
  { canary, batch, window, pause, maxFailures }: WrittenRollout,
  names: RolloutNames,
): void {
  if ((canary ?? batch ?? window) !== undefined || (pause ?? maxFailures) === undefined) return
  const alone = pause === undefined ? names.maxFailures : names.pause
  throw new LocalizableError(
    say(
      '{0} needs {1}, {2} or {3}: without them, all agents start at once',
      alone,
      names.canary,
      names.batch,
      names.window,
    ),
  )
}

/** The form that {@link parseRolloutText} reads. */
export function printRollout(rollout: Rollout): string {
  const parts = [
    rollout.canary !== undefined && `canary=${rollout.canary}`,
    rollout.batch !== undefined && `batch=${printAmount(rollout.batch)}`,
    rollout.window !== undefined && `window=${printAmount(rollout.window)}`,
    rollout.pauseMs !== undefined &&
      `pause=${rollout.pauseMs % 1000 === 0 ? `${rollout.pauseMs / 1000}s` : `${rollout.pauseMs}ms`}`,
    rollout.maxFailures !== undefined && `failures=${printAmount(rollout.maxFailures)}`,
  ]
  return parts.filter(Boolean).join(' ')
}

/** As {@link readRollout} reads it. */
export function writeRollout({ canary, batch, window, pauseMs, maxFailures }: Rollout) {
  return {
    ...(canary !== undefined && { canary }),
    ...(batch !== undefined && { batch: printAmount(batch) }),
    ...(window !== undefined && { window: printAmount(window) }),
    ...(pauseMs !== undefined && { pause: `${pauseMs}ms` }),
    ...(maxFailures !== undefined && { maxFailures: printAmount(maxFailures) }),
  }
}

/** As a sentence: `1 first, then 10% at a time with 30 s between, stopping after more than 2 failures`. */
export function describeRollout(rollout: Rollout | undefined, t: Translate): string {
  if (rollout === undefined) return t('all at once')
  const { canary = 0, batch, window, pauseMs = 0, maxFailures } = rollout
  const pause = printDuration(pauseMs)
  const parts = [
    canary > 0 && window !== undefined && pauseMs > 0
      ? t('{0} first, then after {1}', canary, pause)
      : canary > 0 && t('{0} first, then', canary),
    window !== undefined
      ? t('at most {0} at once, the next when one ends', printAmount(window))
      : batch !== undefined
        ? t('{0} at a time', printAmount(batch))
        : canary > 0
          ? t('all the others at once')
          : t('all at once'),
    pauseMs > 0 && window === undefined && t('with {0} between', pause),
  ]
  const tolerated = maxFailures === undefined ? '0' : printAmount(maxFailures)
  const stop =
    tolerated === '0'
      ? t('stopping at the first failure')
      : t('stopping after more than {0} failures', tolerated)
  return `${parts.filter(Boolean).join(' ')}, ${stop}`
}

export function printAmount(amount: Amount): string {
  return 'count' in amount ? String(amount.count) : `${amount.percent}%`
}

function readCount(value: number | string, name: string): number {
  if (!/^\d{1,9}$/.test(String(value).trim()))
    throw new LocalizableError(say('{0} must be a number of agents, 0 or more', name))
  return Number(value)
}

function readAgents(value: number | string, name: string): Amount {
  const agents = readAmount(value, name)
  if (('count' in agents ? agents.count : agents.percent) > 0) return agents
  throw new LocalizableError(say('{0} must be at least one agent', name))
}

function readAmount(value: number | string, name: string): Amount {
  const [, digits, isPercent] = /^(\d{1,9}(?:\.\d{1,6})?)\s*(%?)$/.exec(String(value).trim()) ?? []
  const number = Number(digits)
  if (digits !== undefined && isPercent === '%' && number <= 100) return { percent: number }
  if (digits !== undefined && isPercent === '' && Number.isInteger(number)) return { count: number }
  throw new LocalizableError(say('{0} must be a number of agents, or a share up to 100%, such as 10%', name))
}

function readPause(value: number | string, name: string): number {
  if (/^\s*0\s*(ms|[smhd])?\s*$/i.test(String(value))) return 0
  const pauseMs = parseDuration(String(value))
  if (pauseMs !== undefined) return pauseMs
  throw new LocalizableError(say('{0} must be a duration of up to 7 days, such as 30s or 5m', name))
}

function notUnderstood(part: string): LocalizableError {
  const parts = 'canary=1, batch=10% or window=10, pause=30s, failures=5%'
  return new LocalizableError(say('“{0}” is not understood. Parts are {1}.', part, parts))
}

function keysOf(names: RolloutNames): (keyof WrittenRollout)[] {
  return Object.keys(names) as (keyof WrittenRollout)[]
}
