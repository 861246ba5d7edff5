import type { Attack } from './attack.ts'
import { boundsAttacks } from './attacks/bounds.ts'
import { countAttacks } from './attacks/count.ts'
import { deskAttacks } from './attacks/desk.ts'
import { identityAttacks } from './attacks/identity.ts'
import { limitAttacks } from './attacks/limits.ts'
import { recordAttacks } from './attacks/records.ts'
import { serverAttacks } from './attacks/server.ts'
import { sqsAttacks } from './attacks/sqs.ts'
import { targetAttacks } from './attacks/targets.ts'

/** All that are known, by what they are aimed at. */
export const attacks: readonly Attack[] = [
  ...countAttacks,
  ...serverAttacks,
  ...recordAttacks,
  ...deskAttacks,
  ...limitAttacks,
  ...boundsAttacks,
  ...identityAttacks,
  ...sqsAttacks,
  ...targetAttacks,
]
