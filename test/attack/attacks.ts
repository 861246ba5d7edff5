import type { Attack } from './attack.ts'
import { countAttacks } from './attacks/count.ts'

/** All that are known, by what they are aimed at. */
export const attacks: readonly Attack[] = [...countAttacks]
