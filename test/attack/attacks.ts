import type { Attack } from './attack.ts'
import { boundsAttacks } from './attacks/bounds.ts'
import { countAttacks } from './attacks/count.ts'
import { sqsAttacks } from './attacks/sqs.ts'

/** All that are known, by what they are aimed at. */
export const attacks: readonly Attack[] = [...countAttacks, ...sqsAttacks, ...boundsAttacks]
