/**
 * What the server says by itself, over `wss /push`. One union by `topic`; a message says what is now true, not what to do.
 *
 * Every state message carries `epoch` (which server start) and `seq` (rises by one for each message of that epoch).
 * The page opens `/push?epoch=E&seq=N` with the last it has: the server sends what came after, or, if it cannot, `resync`
 * and the page fetches `GET /api/cameras` anew. `heartbeat` comes every 10 s with the alarms of the platform and a hash of the states this user may see;
 * a hash that differs from the page's own also means: fetch anew. 20 s without any message: the map greys.
 */
import { z } from 'zod'
import { CameraId, Instant } from './ids.ts'
import { type RoutePermission } from './permissions.ts'
import { CameraState, type CameraStatus, StatusChange } from './status.ts'
import { DiskAlarm } from './storage.ts'

const sequenced = { epoch: z.string(), seq: z.number().int().nonnegative() }

export const PushMessage = z.discriminatedUnion('topic', [
  /** First on every connection. `seq` is the last one already included; `serverAt` sets the page's clock. */
  z.object({ topic: z.literal('hello'), ...sequenced, serverAt: Instant, heartbeatMs: z.number() }),
  z.object({ topic: z.literal('heartbeat'), ...sequenced, serverAt: Instant, stateHash: z.string(), alarms: z.array(DiskAlarm) }),
  /** The page's knowledge cannot be brought up to date by messages: fetch the points anew. */
  z.object({ topic: z.literal('resync'), ...sequenced, reason: z.enum(['new_epoch', 'too_old', 'cameras_changed', 'rights_changed']) }),
  /** Camera states that changed, batched to at most one message per 50 ms. Filtered by what this user may see; `seq` rises for all. */
  z.object({ topic: z.literal('cameraStatus'), ...sequenced, states: z.array(CameraState), changes: z.array(StatusChange) }),
  /**
   * Downloads that concern this user alone, after `hello` and whenever it changes: how many wait for their decision, and when each of their own that
   * can be fetched now became ready, newest first.
   */
  z.object({ topic: z.literal('exports'), toDecide: z.number().int().nonnegative(), readyAts: z.array(Instant) }),
  /**
   * The layouts or rotations this user may use are not what they were: `GET /api/wall-layouts` and `wall-rotations` say what they are now.
   * Only to its owner and the roles it is, or was, shared with. Not numbered: a page that was away reads them anew when it comes back.
   */
  z.object({ topic: z.literal('wallLists') }),
  /** This login ended (elsewhere, by an administrator, by time). The socket closes after it. */
  z.object({ topic: z.literal('loginEnded'), reason: z.enum(['signed_out', 'expired', 'revoked']) }),
])
export type PushMessage = z.infer<typeof PushMessage>
export type PushTopic = PushMessage['topic']

/** What each topic asks for; a topic that is not here does not compile. */
export const pushPermission: Record<PushTopic, RoutePermission> = {
  hello: 'signedIn',
  heartbeat: 'signedIn',
  resync: 'signedIn',
  cameraStatus: 'camera.see',
  exports: 'camera.download',
  wallLists: 'camera.live',
  loginEnded: 'signedIn',
}

/**
 * Hash both sides take of the states a user sees: FNV-1a 32 bit over `id:status;` in the order of ids (code units), 8 hex digits.
 * It only has to notice a page that missed a message, not an attacker.
 */
export function hashStates(states: Iterable<{ cameraId: CameraId; status: CameraStatus }>): string {
  const lines = [...states].map(({ cameraId, status }) => `${cameraId}:${status};`).sort()
  let hash = 0x811c9dc5
  for (const line of lines) for (let i = 0; i < line.length; i++) hash = Math.imul(hash ^ line.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
