/** How much one account may take away (R-DL, R-SEC-6): the one place with these numbers. */
import type { Role } from '../../contract/permissions.ts'

const DAY_MS = 86_400_000

/** Larger than this, and somebody else must approve. */
export const APPROVAL_OVER_BYTES = 500e6
export const KEEP_DAYS = 7
export const KEEP_MS = KEEP_DAYS * DAY_MS
/** An approval that nobody gives is not waited for any longer; until then what was asked for is kept. */
export const APPROVAL_WAIT_MS = 3 * DAY_MS
/** "A day" is the last 24 hours: midnight gives nobody a second share. */
export const LIMIT_WINDOW_MS = DAY_MS
/** One's own of so long are listed. */
export const LISTED_MS = 30 * DAY_MS

export type DailyLimit = { count: number; bytes: number }

/** Roles that may not download have none. */
const dailyLimits: Partial<Record<Role, DailyLimit>> = {
  supervisor: { count: 50, bytes: 20e9 },
}

export const dailyLimitOf = (role: Role): DailyLimit => dailyLimits[role] ?? { count: 0, bytes: 0 }
