import type { AgentRow, Sighting } from '../src/page/toPage.ts'
import { isVerdict } from '../src/protocol/verdict.ts'
import { formatClock, formatDuration } from './format.ts'
import { wholeSeconds } from './runTimes.ts'
import { t } from './words.ts'

/** What is known of the silence of an agent, a sentence each. */
export function silenceLines(
  agent: AgentRow,
  sighting: Sighting | undefined,
  { now, isAway }: { readonly now: number; readonly isAway: boolean },
): string[] {
  const { sentAt, heardAt, asked = 0, askedAt, giveUpAt, state } = agent
  if (sentAt === undefined)
    return [
      ...(state === 'expected' ? [t('The command has not been sent to it yet.')] : []),
      ...seenLines(sighting, now),
    ]
  const ago = (at: number) => wholeSeconds(Math.max(0, now - at))
  const isWaiting = !isVerdict(state)
  const sent = isWaiting ? t('Sent {0} ago.', ago(sentAt)) : t('Sent at {0}.', formatClock(sentAt))
  const heard =
    heardAt === undefined
      ? t('Nothing was heard from it in this run.')
      : t('Last heard in this run at {0}.', formatClock(heardAt))
  const tries =
    asked === 0 || askedAt === undefined
      ? t('It was not asked again.')
      : asked === 1
        ? t('It was asked again once, {0} after that.', formatDuration(askedAt - sentAt))
        : t('It was asked again {0} times, last {1} after that.', asked, formatDuration(askedAt - sentAt))
  return [
    `${sent} ${tries}`,
    heard,
    ...(isWaiting && isAway
      ? [t('It is not given up while replies cannot be received.')]
      : isWaiting && giveUpAt !== undefined
        ? [
            giveUpAt > now
              ? t('It is given up in {0} if it stays silent.', wholeSeconds(giveUpAt - now))
              : t('It is given up as soon as it is certain that no reply is waiting.'),
          ]
        : []),
    ...seenLines(sighting, now),
  ]
}

function seenLines(sighting: Sighting | undefined, now: number): string[] {
  if (sighting === undefined) return []
  const { seenAt, state, otherRuns } = sighting
  if (seenAt === undefined) return [t('Its facts have not been seen, so nothing more is known of it.')]
  const ago = formatDuration(Math.max(0, now - seenAt))
  const seen =
    state === 'live'
      ? t('Its facts were seen {0} ago: the agent is running.', ago)
      : state === 'left'
        ? t('It said {0} ago that it stops.', ago)
        : t(
            'Its facts were last seen {0} ago, later than it should publish them: the agent may be down.',
            ago,
          )
  const runs =
    otherRuns === 0
      ? t('It executes no other run.')
      : otherRuns === 1
        ? t('It executes another run.')
        : t('It executes {0} other runs.', otherRuns)
  return [seen, ...(state === 'left' ? [] : [runs])]
}
