/** What is wrong with a live picture: what the server said of the camera, what was noticed on our side of the wire. */
import type { LiveServerMessage } from '../../../server/contract/media.ts'
import type { FailureCause } from '../../../server/contract/status.ts'
import type { PlayerFault } from './watchdog.ts'

export type LiveTrouble = {
  cause: FailureCause | null
  detail: string | null
  fault: PlayerFault | null
  /** The server's own tries, and when it makes the next one. */
  attempt: number
  retryDueMs: number | undefined
}

export const noTrouble: LiveTrouble = { cause: null, detail: null, fault: null, attempt: 0, retryDueMs: undefined }

/** The server speaks: what it says counts, what we made of its silence is over. */
export function hear(trouble: LiveTrouble, message: LiveServerMessage, nowMs: number): LiveTrouble {
  if (message.type === 'opened') return noTrouble
  if (message.type !== 'opening') return trouble
  const { cause, detail, attempt, retryInMs } = message
  return { cause, detail, fault: null, attempt, retryDueMs: nowMs + retryInMs }
}
