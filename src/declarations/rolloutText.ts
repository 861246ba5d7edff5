import type { Amount, Rollout } from '../run/runRequest.ts'
import { inEnglish, type Translate } from '../text/translate.ts'
import { parseDuration, printDuration } from './duration.ts'

/** A rollout as settings, workspace files and tasks write it. `pause` is a duration such as `30s`. */
export interface RolloutDeclaration {
  readonly canary?: number | string | undefined
  readonly batch?: number | string | undefined
  readonly pause?: number | string | undefined
  readonly maxFailures?: number | string | undefined
}

/**
 * Understands `canary=1 batch=10% pause=30s failures=5%`, in any order and each part optional.
 * @throws Error that names the part that is not understood
 */
export function parseRolloutText(text: string, t: Translate): Rollout | undefined {
  const declaration: Record<string, string | number> = {}
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const [key = '', value = ''] = part.split('=', 2)
    if (key === 'canary' && value !== '') declaration.canary = Number(value)
    else if (key === 'batch' || key === 'pause') declaration[key] = value
    else if (key === 'failures') declaration.maxFailures = value
    else {
      throw new Error(
        t('“{0}” is not understood. Parts are {1}.', part, 'canary=1, batch=10%, pause=30s, failures=5%'),
      )
    }
  }
  return readRollout(declaration, t)
}

/**
 * @returns undefined when nothing is declared: all agents start at once
 * @throws Error that names the part that is wrong
 */
export function readRollout(declaration: RolloutDeclaration, t: Translate = inEnglish): Rollout | undefined {
  const { batch, pause, maxFailures } = declaration
  const canary = declaration.canary === undefined ? undefined : Number(declaration.canary)
  if (canary !== undefined && !(Number.isInteger(canary) && canary >= 0)) {
    throw new Error(t('{0} is a number of agents, 0 or more', 'canary'))
  }
  const pauseMs =
    pause === undefined
      ? undefined
      : /^\s*0\s*(ms|[smhd])?\s*$/i.test(String(pause))
        ? 0
        : parseDuration(String(pause))
  if (pause !== undefined && pauseMs === undefined) {
    throw new Error(t('{0} is a duration such as 30s or 5m', 'pause'))
  }
  const rollout: Rollout = {
    ...(canary !== undefined && { canary }),
    ...(batch !== undefined && { batch: readAmount('batch', batch, 1, t) }),
    ...(pauseMs !== undefined && { pauseMs }),
    ...(maxFailures !== undefined && { maxFailures: readAmount('failures', maxFailures, 0, t) }),
  }
  return Object.keys(rollout).length === 0 ? undefined : rollout
}

/** The form that {@link parseRolloutText} reads. */
export function printRollout(rollout: Rollout): string {
  const parts = [
    rollout.canary !== undefined && `canary=${rollout.canary}`,
    rollout.batch !== undefined && `batch=${printAmount(rollout.batch)}`,
    rollout.pauseMs !== undefined &&
      `pause=${rollout.pauseMs % 1000 === 0 ? `${rollout.pauseMs / 1000}s` : `${rollout.pauseMs}ms`}`,
    rollout.maxFailures !== undefined && `failures=${printAmount(rollout.maxFailures)}`,
  ]
  return parts.filter(Boolean).join(' ')
}

/** For people: `1 first, then 10% at a time with 30 s between, stopping after more than 2 failures`. */
export function describeRollout(rollout: Rollout | undefined, t: Translate): string {
  if (rollout === undefined) return t('all at once')
  const { canary = 0, batch, pauseMs = 0, maxFailures } = rollout
  const parts = [
    canary > 0 && t('{0} first, then', canary),
    batch !== undefined
      ? t('{0} at a time', printAmount(batch))
      : canary > 0
        ? t('all the others at once')
        : t('all at once'),
    pauseMs > 0 && t('with {0} between', printDuration(pauseMs)),
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

function readAmount(name: string, value: number | string, minimum: number, t: Translate): Amount {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(String(value).trim())
  const number = Number(match?.[1])
  const percent = match?.[2] === '%'
  if (
    match === null ||
    number < (percent ? 0 : minimum) ||
    (percent ? number > 100 : !Number.isInteger(number))
  ) {
    throw new Error(t('{0} is a number of agents or a share such as 10%', name))
  }
  return percent ? { percent: number } : { count: number }
}
